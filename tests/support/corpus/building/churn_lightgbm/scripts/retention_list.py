"""Whom to call first: high risk, and worth keeping."""

import os

import pandas as pd

COLUMNS = ["customer", "name", "phone", "p_churn", "value"]


def contactable(customers):
    """Only those who may be called: with a phone, and with consent."""
    table = customers.dropna(subset=["phone"])
    table = table[table["consent"].astype(str).str.lower().isin(["1", "yes", "true"])]
    return table.drop_duplicates("customer")


def by_region(table, per_region):
    """No region gets more calls than its office can make."""
    if per_region is None:
        return table
    return table.groupby("region", group_keys=False).head(per_region)


def main(input_paths, output_paths, environ_vars, job_args):
    scores = pd.read_csv(os.path.join(input_paths["scores"], "churn_scores.csv"))
    customers = pd.read_csv(os.path.join(input_paths["crm"], "customers.csv"))
    table = scores.merge(contactable(customers), on="customer")
    table["value"] = table["p_churn"] * table["yearly_revenue"]

    do_not_call = input_paths.get("do_not_call")
    if do_not_call and os.path.exists(do_not_call):
        refused = pd.read_csv(do_not_call)["customer"]
        table = table[~table["customer"].isin(refused)]

    ranked = by_region(
        table.sort_values("value", ascending=False), getattr(job_args, "per_region", None)
    )
    best = ranked.head(job_args.top)
    if best.empty:
        raise RuntimeError("nobody to call: are scores and customers of the same snapshot?")
    best[COLUMNS].to_excel(os.path.join(output_paths["call_list"], "calls.xlsx"), index=False)
