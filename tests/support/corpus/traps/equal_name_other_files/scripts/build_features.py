"""Dense features of the reviews."""

import os
import pandas as pd


def main(input_paths, output_paths, environ_vars, job_args):
    reviews = pd.read_json(os.path.join(input_paths["reviews"], "reviews.jsonl"), lines=True)
    features = pd.DataFrame({"length": reviews["text"].str.len(), "stars": reviews["stars"]})
    features.to_parquet(os.path.join(output_paths["features"], "dense_features.parquet"))
