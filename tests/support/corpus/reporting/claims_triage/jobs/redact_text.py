# %%
import csv
import json
import os
import re

RULES = {
    "iban": re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}\b"),
    "phone": re.compile(r"\+?\d[\d /-]{7,}\d"),
    "mail": re.compile(r"\S+@\S+\.\S+"),
}

# %%
class Redactor:
    def __init__(self, keepPhones):
        self.rules = {k: v for k, v in RULES.items() if not (keepPhones and k == "phone")}
        self.counts = {}

    def __call__(self, text):
        for name, rule in self.rules.items():
            text, found = rule.subn(f"[{name}]", text)
            self.counts[name] = self.counts.get(name, 0) + found
        return text

# %%
def main(input_paths, output_paths, environ_vars, job_args):
    inDir = input_paths["inDir"]
    outDir = output_paths["redactedText"]
    redactor = Redactor(keepPhones=environ_vars.get("KEEP_PHONES") == "1")
    with open(os.path.join(inDir, "ocr_index.csv"), newline="") as f:
        claims = [row["claim"] for row in csv.DictReader(f)]
    with open(os.path.join(outDir, "redacted.jsonl"), "w") as out:
        for claim in claims:
            with open(os.path.join(inDir, claim + ".txt")) as f:
                out.write(json.dumps({"claim": claim, "text": redactor(f.read())}) + "\n")
    if "redactionLog" in output_paths:
        with open(os.path.join(output_paths["redactionLog"], "redaction_counts.json"), "w") as f:
            json.dump(redactor.counts, f)
    print("redacted", len(claims), "claims:", redactor.counts)
    if claims and not sum(redactor.counts.values()):
        raise RuntimeError("nothing was redacted; are the rules right for this country?")
