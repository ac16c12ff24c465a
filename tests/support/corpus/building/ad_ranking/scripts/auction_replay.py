"""Replay the auctions with blended scores, within each advertiser's budget."""

import csv
import json
import os
from collections import defaultdict

import polars as pl


def budgets(path):
    with open(path, newline="") as f:
        return {row["advertiser"]: float(row["daily_budget"]) for row in csv.DictReader(f)}


def replay(auctions, left):
    spent = defaultdict(float)
    won = defaultdict(int)
    for _, bids in auctions:
        ranked = sorted(bids, key=lambda bid: bid["value"] * bid["bid"], reverse=True)
        for bid in ranked:
            name = bid["advertiser"]
            if spent[name] + bid["bid"] <= left.get(name, 0.0):
                spent[name] += bid["bid"]
                won[name] += 1
                break
    return spent, won


def main(input_paths, output_paths, environ_vars, job_args):
    """Read `scores` (blended by BlendScores) and `advertisers`; write `replay_report`."""
    scores = pl.read_parquet(os.path.join(input_paths["scores"], "blended_scores.parquet"))
    left = budgets(os.path.join(input_paths["advertisers"], "advertisers.csv"))
    groups = scores.group_by("request", maintain_order=True)
    spent, won = replay(((key, rows.to_dicts()) for key, rows in groups), left)
    report = {name: {"spent": spent[name], "won": won[name]} for name in sorted(spent)}
    reserve = environ_vars.get("RESERVE_PRICE")
    if reserve is not None:
        report["reserve_price"] = float(reserve)
    with open(os.path.join(output_paths["replay_report"], "replay.json"), "w") as f:
        json.dump(report, f, indent=2)
