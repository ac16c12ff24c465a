# %%
import csv
import json
import os
import sys
import joblib
from train_triage import asFeatures

# %%
def routeOf(classes, probabilities, doubtful):
    """The route, or `person` where the model is not sure."""
    best = probabilities.argmax()
    p = float(probabilities[best])
    return (classes[best] if p >= doubtful else "person"), p

# %%
def shareOfPersons(routes):
    return sum(route == "person" for route in routes) / max(len(routes), 1)

# %%
def main(input_paths, output_paths, environ_vars, job_args):
    modelDir = input_paths["modelDir"]
    claimsDir = input_paths["claims"]
    if not os.path.isdir(modelDir):
        print("no model in", modelDir, file=sys.stderr)
        sys.exit(1)
    model = joblib.load(os.path.join(modelDir, "triage.joblib"))
    doubtful = float(environ_vars.get("DOUBTFUL_BELOW", "0.6"))
    with open(os.path.join(claimsDir, "entities.jsonl")) as f:
        rows = [json.loads(line) for line in f]
    with open(os.path.join(output_paths["decisions"], "triaged.csv"), "w", newline="") as f:
        out = csv.writer(f)
        out.writerow(["claim", "route", "p"])
        routes = []
        for row, probabilities in zip(rows, model.predict_proba([asFeatures(r) for r in rows])):
            route, p = routeOf(model.classes_, probabilities, doubtful)
            routes.append(route)
            out.writerow([row["claim"], route, round(p, 3)])
    print(f"{shareOfPersons(routes):.1%} go to a person")
