"""Orders with their users: every order is kept."""

import os

import pandas as pd


def main(input_paths, output_paths, environ_vars, job_args):
    left = pd.read_csv(os.path.join(input_paths["left"], "orders.csv"))
    right = pd.read_csv(os.path.join(input_paths["right"], "users.csv"))
    joined = left.merge(right, on="user_id", how="left")
    joined.to_csv(os.path.join(output_paths["joined"], "joined.csv"))
