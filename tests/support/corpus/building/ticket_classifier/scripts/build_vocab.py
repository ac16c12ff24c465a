"""Byte pair merges, learned on the training side only."""

import json
import os
from collections import Counter
from pathlib import Path

SPECIAL = ["<pad>", "<unk>", "<cls>", "<sep>"]


def words(path):
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            yield from json.loads(line)["body"].lower().split()


def learn_merges(counts, number):
    spelled = {word: tuple(word) for word in counts}
    merges = []
    for _ in range(number):
        pairs = Counter()
        for word, pieces in spelled.items():
            for pair in zip(pieces, pieces[1:], strict=False):
                pairs[pair] += counts[word]
        if not pairs:
            break
        best = pairs.most_common(1)[0][0]
        merges.append(best)
        spelled = {word: merged(pieces, best) for word, pieces in spelled.items()}
    return merges, {piece for pieces in spelled.values() for piece in pieces}


def merged(pieces, pair):
    out, i = [], 0
    while i < len(pieces):
        if pieces[i : i + 2] == pair:
            out.append("".join(pair))
            i += 2
        else:
            out.append(pieces[i])
            i += 1
    return tuple(out)


def main(input_paths, output_paths, environ_vars, job_args):
    merges_wanted = int(environ_vars.get("MERGES", "8000"))
    counts = Counter(words(os.path.join(input_paths["train_split"], "train.jsonl")))
    merges, pieces = learn_merges(counts, merges_wanted)
    out = Path(output_paths["vocab"])
    out.mkdir(exist_ok=True)
    with (out / "vocab.json").open("w") as f:
        json.dump({piece: i for i, piece in enumerate(SPECIAL + sorted(pieces))}, f)
    with (out / "merges.txt").open("w") as f:
        f.writelines(" ".join(pair) + "\n" for pair in merges)


if __name__ == "__main__":
    main({"train_split": "/data/splits"}, {"vocab": "/data/vocab"}, dict(os.environ), None)
