"""Throw away what is no ticket: auto replies, empty bodies, other languages."""

import html
import json
import re
from os.path import join

SIGNATURE = re.compile(r"^--\s*$", re.MULTILINE)
AUTO_REPLY = ("out of office", "automatic reply", "abwesenheitsnotiz")


def strip_markup(text: str) -> str:
    text = html.unescape(re.sub(r"<[^>]+>", " ", text))
    return re.sub(r"\s+", " ", SIGNATURE.split(text)[0]).strip()


def verdict(ticket: dict, languages: set) -> str:
    """Why the ticket is refused; empty when it is kept."""
    subject = ticket.get("subject", "").lower()
    if any(phrase in subject for phrase in AUTO_REPLY):
        return "auto reply"
    if ticket.get("lang") not in languages:
        return "language"
    if len(ticket["body"]) < 20:
        return "too short"
    return ""


def main(input_paths, output_paths, environ_vars, job_args):
    languages = set(environ_vars["LANGUAGES"].split(","))
    src = input_paths["src"]
    dst = output_paths["dst"]
    kept = refused = 0
    with (
        open(join(src, "tickets.jsonl"), encoding="utf-8") as lines,
        open(join(dst, "clean_tickets.jsonl"), "w", encoding="utf-8") as good,
        open(join(output_paths["rejects"], "rejected.jsonl"), "w", encoding="utf-8") as bad,
    ):
        for line in lines:
            ticket = json.loads(line)
            ticket["body"] = strip_markup(ticket["body"])
            why = verdict(ticket, languages)
            if why:
                bad.write(json.dumps({"id": ticket["id"], "why": why}) + "\n")
                refused += 1
            else:
                good.write(json.dumps(ticket) + "\n")
                kept += 1
    print(f"kept {kept}, refused {refused}")
    return {"kept": kept, "refused": refused}
