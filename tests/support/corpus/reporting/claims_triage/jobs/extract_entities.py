# %%
import json
import os
import spacy

WANTED = {"DATE", "MONEY", "LOC", "ORG"}

# %%
def entities(doc):
    return [{"kind": e.label_, "text": e.text} for e in doc.ents if e.label_ in WANTED]

# %%
def normalised(entity):
    """Amounts and dates in one form, whatever the clerk typed."""
    text = entity["text"].strip().rstrip(".,;")
    if entity["kind"] == "MONEY":
        digits = "".join(c for c in text if c.isdigit() or c == ",")
        text = digits.replace(",", ".")
    return {**entity, "text": text}

# %%
def tally(rows):
    counts = {}
    for row in rows:
        for entity in row["entities"]:
            counts[entity["kind"]] = counts.get(entity["kind"], 0) + 1
    return counts

# %%
def main(input_paths, output_paths, environ_vars, job_args):
    spacyModel = environ_vars.get("SPACY_MODEL", "de_core_news_md")
    nlp = spacy.load(spacyModel, disable=["parser"])
    textPath = os.path.join(input_paths["inputText"], "redacted.jsonl")
    entityPath = os.path.join(output_paths["entities"], "entities.jsonl")
    rows = []
    with open(textPath) as src, open(entityPath, "w") as dst:
        for line in src:
            row = json.loads(line)
            row["entities"] = [normalised(e) for e in entities(nlp(row.pop("text")))]
            dst.write(json.dumps(row) + "\n")
            rows.append(row)
    print("found", tally(rows))
