"""Distribution of each sensor, as a table."""

import os

import pandas as pd


def main(input_paths, output_paths, environ_vars, job_args):
    table = pd.read_csv(os.path.join(input_paths["readings_split"], "readings.csv"))
    table.describe().to_csv(os.path.join(output_paths["description"], "description.csv"))
