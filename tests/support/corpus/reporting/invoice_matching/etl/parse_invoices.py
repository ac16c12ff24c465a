"""Fixed-width export of the ERP to one JSON object a line."""

import decimal
import json
import os
import sys

FIELDS = {"number": (0, 10), "customer": (10, 18), "due": (18, 26), "amount": (26, 38)}
SOURCE, TARGET = "inv_export.txt", "invoices.jsonl"


def parse(line):
    row = {name: line[start:end].strip() for name, (start, end) in FIELDS.items()}
    row["amount"] = str(decimal.Decimal(row["amount"]) / 100)
    return row


def lines(path, encoding):
    with open(path, encoding=encoding) as source:
        for number, line in enumerate(source, start=1):
            if line.startswith("#"):
                continue
            if len(line) < 38:
                print(f"line {number} is too short", file=sys.stderr)
                sys.exit(1)
            yield line


def main(input_paths, output_paths, environ_vars, job_args):
    company = environ_vars["COMPANY"]
    encoding = environ_vars.get("ERP_ENCODING", "cp850")
    src = os.path.join(input_paths["erp"], SOURCE)
    dst = os.path.join(output_paths["records"], TARGET)
    with open(dst, "w", encoding="utf-8") as target:
        for line in lines(src, encoding):
            target.write(json.dumps({"company": company, **parse(line)}) + "\n")


if __name__ == "__main__":
    main(
        {"erp": "/opt/ml/processing/input/erp"},
        {"records": "/opt/ml/processing/output/records"},
        dict(os.environ),
        None,
    )
