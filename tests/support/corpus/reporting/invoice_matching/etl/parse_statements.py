"""CAMT statements of the bank to one JSON object a payment."""

import json
import os
from xml.etree import ElementTree

SPACE = {"c": "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"}


def payments(path):
    root = ElementTree.parse(path)
    for found in root.iterfind(".//c:Ntry", SPACE):
        if found.findtext("c:CdtDbtInd", namespaces=SPACE) == "CRDT":
            yield {
                "amount": found.findtext("c:Amt", namespaces=SPACE),
                "day": found.findtext("c:BookgDt/c:Dt", namespaces=SPACE),
                "text": found.findtext(".//c:Ustrd", default="", namespaces=SPACE),
            }


def valid(payment):
    """A payment without day or with a strange amount is told, not guessed."""
    if not payment["day"] or len(payment["day"]) != 10:
        return False
    try:
        return float(payment["amount"]) > 0
    except (TypeError, ValueError):
        return False


def tell(counts):
    for name, (good, bad) in sorted(counts.items()):
        print(f"{name}: {good} payments, {bad} refused")


def main(input_paths, output_paths, environ_vars, job_args):
    folder = input_paths.get("statements") or input_paths.get("bank_statements")
    dst = os.path.join(output_paths["records"], "payments.jsonl")
    with open(dst, "w", encoding="utf-8") as target:
        counts = {}
        for name in sorted(os.listdir(folder)):
            if name.endswith(".xml"):
                found = list(payments(os.path.join(folder, name)))
                good = [payment for payment in found if valid(payment)]
                target.writelines(json.dumps(payment) + "\n" for payment in good)
                counts[name] = (len(good), len(found) - len(good))
    tell(counts)
