"""Split by customer, so that no customer is on both sides."""

import hashlib
import json
import os

SHARES = {"train": 80, "dev": 10, "test": 10}


def bucket(customer: str, seed: int) -> int:
    digest = hashlib.blake2b(f"{seed}:{customer}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") % 100


def side(number: int) -> str:
    edge = 0
    for name, share in SHARES.items():
        edge += share
        if number < edge:
            return name
    return "test"


def main(input_paths, output_paths, environ_vars, job_args):
    seed = int(job_args.seed)
    src, splits = input_paths["src"], output_paths["splits"]
    os.makedirs(splits, exist_ok=True)
    handles = {
        name: open(f"{splits}/{name}.jsonl", "w", encoding="utf-8")
        for name in ("train", "dev", "test")
    }
    counts = dict.fromkeys(SHARES, 0)
    try:
        with open(os.path.join(src, "clean_tickets.jsonl"), encoding="utf-8") as lines:
            for line in lines:
                where = side(bucket(json.loads(line)["customer"], seed))
                handles[where].write(line)
                counts[where] += 1
    finally:
        for handle in handles.values():
            handle.close()
    if not counts["test"]:
        raise RuntimeError("the test split is empty; are all tickets of one customer?")
    return counts
