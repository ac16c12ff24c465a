# %%
import json
import os
import joblib
import pandas as pd
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

# %%
def asFeatures(row):
    counts = {}
    for entity in row["entities"]:
        counts[entity["kind"]] = counts.get(entity["kind"], 0) + 1
        counts[f"{entity['kind']}={entity['text'].lower()}"] = 1
    return counts

# %%
def loadRows(entityDir, labelCsv):
    with open(os.path.join(entityDir, "entities.jsonl")) as f:
        rows = [json.loads(line) for line in f]
    labels = pd.read_csv(labelCsv).set_index("claim")["route"]
    return [(row, labels[row["claim"]]) for row in rows if row["claim"] in labels.index]

# %%
def main(input_paths, output_paths, environ_vars, job_args):
    labelled = loadRows(input_paths["entityDir"], input_paths["labelCsv"])
    fitRows, holdRows = train_test_split(labelled, test_size=0.2, random_state=1)
    C = float(environ_vars.get("C", "0.5"))
    model = make_pipeline(DictVectorizer(), LogisticRegression(C=C, max_iter=500))
    model.fit([asFeatures(r) for r, _ in fitRows], [route for _, route in fitRows])

    joblib.dump(model, os.path.join(output_paths["triageModel"], "triage.joblib"))
    holdOut = output_paths["holdOut"]
    with open(os.path.join(holdOut, "holdout_labels.csv"), "w") as f:
        f.write("claim,route\n")
        for row, route in holdRows:
            f.write(f"{row['claim']},{route}\n")

# %%
if __name__ == "__main__":
    main(
        {"entityDir": "/data/entities", "labelCsv": "/data/labels/routes.csv"},
        {"triageModel": "/data/models", "holdOut": "/data/holdout"},
        {},
        None,
    )
