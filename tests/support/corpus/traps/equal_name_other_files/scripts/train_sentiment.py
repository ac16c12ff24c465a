"""Train on the sparse bag-of-words matrix that the search team exports."""

import json
import os

import joblib
from scipy import sparse
from sklearn.linear_model import SGDClassifier


def main(input_paths, output_paths, environ_vars, job_args):
    features = input_paths["features"]
    matrix = sparse.load_npz(os.path.join(features, "bag_of_words.npz"))
    with open(os.path.join(features, "vocabulary.json")) as f:
        words = json.load(f)
    labels = joblib.load(os.path.join(features, "labels.joblib"))
    model = SGDClassifier(loss="log_loss").fit(matrix, labels)
    joblib.dump({"model": model, "words": words}, os.path.join(output_paths["model"], "m.joblib"))
