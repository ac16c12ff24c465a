# %%
import json
import os
import pandas as pd

# %%
def rates(table, by):
    return (table["route"] == "person").groupby(table[by]).mean().to_dict()

# %%
def gap(found):
    """Largest minus smallest rate; 0 when there is one group only."""
    return max(found.values()) - min(found.values()) if found else 0.0

# %%
def verdict(audit, columns, most):
    wide = [c for c in columns if gap(audit[c]) > most]
    for column in wide:
        print("uneven:", column, audit[column])
    return not wide

# %%
def main(input_paths, output_paths, environ_vars, job_args):
    decided = pd.read_csv(os.path.join(input_paths["decided"], "triaged.csv"))
    truth = pd.read_csv(os.path.join(input_paths["truthDir"], "holdout_labels.csv"))
    table = decided.merge(truth, on="claim", suffixes=("", "_true"))
    audit = {"accuracy": float((table["route"] == table["route_true"]).mean())}
    customers = input_paths.get("customerCsv")
    if customers:
        people = pd.read_csv(customers)
        columns = environ_vars.get("AUDIT_COLUMNS", "age_group,region").split(",")
        for column in columns:
            audit[column] = rates(table.merge(people, on="claim"), column)
        audit["even"] = verdict(audit, columns, most=0.1)
    with open(os.path.join(output_paths["audit"], "fairness.json"), "w") as f:
        json.dump(audit, f, indent=1)
# %%
if __name__ == "__main__":
    main(
        {
            "decided": "/data/decisions",
            "truthDir": "/data/holdout",
            "customerCsv": "/data/crm/people.csv",
        },
        {"audit": "/data/audit"},
        dict(os.environ),
        None,
    )
