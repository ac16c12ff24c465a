"""Texts to padded integer arrays, one npz a split."""

import json
from pathlib import Path

import numpy as np

from .piece_tokenizer import PieceTokenizer

SPLITS = ["train", "dev", "test"]


def read_jsonl(path):
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def encode(rows, tokenizer, label_map, length):
    ids = np.zeros((len(rows), length), dtype=np.int32)
    labels = np.zeros(len(rows), dtype=np.int16)
    for number, row in enumerate(rows):
        pieces = tokenizer.encode(row["body"])[:length]
        ids[number, : len(pieces)] = pieces
        labels[number] = label_map.get(row["queue"], -1)
    return {"ids": ids, "labels": labels}


def main(input_paths, output_paths, environ_vars, job_args):
    splits = Path(input_paths["splits"])
    vocab = Path(input_paths["vocab"])
    encoded = Path(output_paths["encoded"])
    length = int(environ_vars.get("MAX_TOKENS", 256))
    tokenizer = PieceTokenizer(vocab / "vocab.json", vocab / "merges.txt")

    label_map = {}
    for split in SPLITS:
        rows = read_jsonl(splits / f"{split}.jsonl")
        if split == "train":
            queues = sorted({row["queue"] for row in rows})
            label_map = {queue: i for i, queue in enumerate(queues)}
        np.savez_compressed(encoded / f"{split}.npz", **encode(rows, tokenizer, label_map, length))
    (encoded / "label_map.json").write_text(json.dumps(label_map, indent=1))


if __name__ == "__main__":
    main(
        {"splits": "/data/splits", "vocab": "/data/vocab"}, {"encoded": "/data/encoded"}, {}, None
    )
