"""Which payment pays which invoice."""

import csv
import decimal
import json
from pathlib import Path


class Matcher:
    """Matches by the invoice's number in the payment's text, then by amount alone."""

    def __init__(self, input_paths, tolerance):
        self.invoices = self.load(input_paths["open_invoices"], "invoices.jsonl")
        self.payments = self.load(input_paths["incoming_payments"], "payments.jsonl")
        self.tolerance = decimal.Decimal(tolerance) / 100

    @staticmethod
    def load(folder, name):
        with (Path(folder) / name).open(encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    def same_amount(self, invoice, payment):
        difference = decimal.Decimal(invoice["amount"]) - decimal.Decimal(payment["amount"])
        return abs(difference) <= self.tolerance

    def run(self):
        free = list(self.payments)
        for invoice in self.invoices:
            fitting = [p for p in free if invoice["number"] in p["text"]]
            fitting = fitting or [p for p in free if self.same_amount(invoice, p)]
            if len(fitting) == 1:
                free.remove(fitting[0])
                yield invoice, fitting[0]
            else:
                yield invoice, None


def main(input_paths, output_paths, environ_vars, job_args):
    matcher = Matcher(input_paths, job_args.tolerance_cents)
    pairs = list(matcher.run())
    matched_dir, unpaid_dir = Path(output_paths["matched"]), Path(output_paths["unpaid"])
    with (matched_dir / "matched.csv").open("w", newline="") as f:
        out = csv.writer(f)
        out.writerows([i["number"], p["day"], p["amount"]] for i, p in pairs if p)
    with (unpaid_dir / "unpaid.csv").open("w", newline="") as f:
        out = csv.writer(f)
        out.writerows([i["number"], i["customer"], i["due"]] for i, p in pairs if not p)
