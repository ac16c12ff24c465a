"""Keep the orders of one currency."""

import csv


def main(input_paths, output_paths, environ_vars, job_args):
    """Read the table `orders`, write the table `clean_orders`."""
    currency = environ_vars["CURRENCY"]
    with open(input_paths["orders"], newline="", encoding="utf-8") as source:
        kept = [row for row in csv.DictReader(source) if row["currency"] == currency]
    with open(output_paths["clean_orders"], "w", newline="", encoding="utf-8") as target:
        writer = csv.DictWriter(target, ["customer", "currency", "amount"])
        writer.writeheader()
        writer.writerows(kept)
    print(f"{len(kept)} orders in {currency}")
    return {"rows": len(kept)}
