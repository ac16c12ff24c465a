"""The confident mistakes, with their texts, as one HTML page."""

import csv
import html
import json
from pathlib import Path

ROW = "<tr><td>{queue}</td><td>{predicted}</td><td>{confidence}</td><td>{text}</td></tr>"


def mistakes(predictions: Path, at_least: float):
    with predictions.open(newline="") as f:
        for row in csv.DictReader(f):
            if row["queue"] != row["predicted"] and float(row["confidence"]) >= at_least:
                yield row


def confusion(predictions: Path) -> dict[str, dict[str, int]]:
    """How often each queue was taken for each other one."""
    table: dict[str, dict[str, int]] = {}
    with predictions.open(newline="") as f:
        for row in csv.DictReader(f):
            line = table.setdefault(row["queue"], {})
            line[row["predicted"]] = line.get(row["predicted"], 0) + 1
    return table


def as_rows(table: dict[str, dict[str, int]]) -> str:
    lines = []
    for queue in sorted(table):
        cells = "".join(f"<td>{name}: {n}</td>" for name, n in sorted(table[queue].items()))
        lines.append(f"<tr><th>{html.escape(queue)}</th>{cells}</tr>")
    return "".join(lines)


def main(input_paths, output_paths, environ_vars, job_args):
    originals = Path(input_paths["originals"], "test.jsonl").read_text(encoding="utf-8")
    texts = [json.loads(line)["body"] for line in originals.splitlines()]
    threshold = float(environ_vars.get("CONFIDENT", "0.9"))
    rows = []
    for row in mistakes(Path(input_paths["preds"]) / "predictions.csv", threshold):
        rows.append(ROW.format(**row, text=html.escape(texts[int(row["row"])][:300])))
    title = environ_vars.get("REPORT_TITLE", "Confident mistakes")
    matrix = as_rows(confusion(Path(input_paths["preds"]) / "predictions.csv"))
    page = f"<h1>{title}</h1><table>{''.join(rows)}</table><table>{matrix}</table>"
    Path(output_paths["report"]).joinpath("errors.html").write_text(page, encoding="utf-8")
    return {"mistakes": len(rows)}
