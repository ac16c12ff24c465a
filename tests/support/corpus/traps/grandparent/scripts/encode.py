"""Texts as arrays of word numbers."""

import json
from pathlib import Path

import numpy as np


def main(input_paths, output_paths, environ_vars, job_args):
    words = json.loads(Path(input_paths["vocabulary"], "vocabulary.json").read_text())
    number = {word: i for i, word in enumerate(words)}
    lines = Path(input_paths["texts"]).read_text().splitlines()
    arrays = [np.array([number.get(w, 0) for w in line.split()]) for line in lines]
    np.savez(Path(output_paths["encoded"]) / "encoded.npz", *arrays)
    unknown = sum(int((array == 0).sum()) for array in arrays)
    Path(output_paths["coverage"], "coverage.txt").write_text(f"{unknown} unknown words")
