"""Write the month's invoices."""

import csv


def main(input_paths, output_paths, environ_vars, job_args):
    with open(input_paths["contracts_csv"], newline="") as f:
        contracts = list(csv.DictReader(f))
    with open(output_paths["invoices"], "w", newline="") as f:
        out = csv.writer(f)
        for contract in contracts:
            out.writerow([contract["customer"], float(contract["rate"]) * 30])
