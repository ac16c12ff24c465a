"""A letter for each customer who is late."""

import csv
from collections import defaultdict
from pathlib import Path
from string import Template

LETTER = Template("Dear $name,\n\nthese invoices are still open: $numbers.\n\n$sender\n")


def overdue(path, today):
    late = defaultdict(list)
    with path.open(newline="") as f:
        for number, customer, due in csv.reader(f):
            if due < today:
                late[customer].append(number)
    return late


def limited(numbers, most=12):
    """A letter names a dozen invoices at most."""
    shown = sorted(numbers)[:most]
    more = len(numbers) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def main(input_paths, output_paths, environ_vars, job_args):
    today = environ_vars["TODAY"]
    sender = environ_vars.get("SENDER", "Accounts receivable")
    late = overdue(Path(input_paths["overdue_dir"]) / "unpaid.csv", today)
    with open(Path(input_paths["address_book"]) / "addresses.csv", newline="") as f:
        names = {row["customer"]: row["name"] for row in csv.DictReader(f)}
    letters = Path(output_paths["letters"])
    letters.mkdir(parents=True, exist_ok=True)
    for customer, numbers in late.items():
        text = LETTER.substitute(name=names[customer], numbers=limited(numbers), sender=sender)
        (letters / f"{customer}.txt").write_text(text)
    (letters / "letters_sent.txt").write_text("\n".join(sorted(late)))
