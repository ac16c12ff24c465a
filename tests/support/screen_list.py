"""Every screen: each command in its main states, what it refuses, and its help."""

from collections.abc import Iterator
from dataclasses import replace

import typer
from tests.support.screen_states import CURRENCY, STATES, TOP
from tests.support.screens import Shot

from runthrough.entrypoints.cli.app import app

__all__ = ["SHOTS", "STATES"]

MAIN = {"status-fresh", "status-failed", "run-failed", "configure-rejected", "requirements"}


def verbs() -> tuple[str, ...]:
    """Every command that can be typed, groups and what is in them."""
    return tuple(_verbs(typer.main.get_command(app), ""))


def _verbs(group: object, before: str) -> Iterator[str]:
    for name, command in getattr(group, "commands", {}).items():
        yield f"{before}{name}"
        yield from _verbs(command, f"{before}{name} ")


def _shot(name: str, state: str, typed: str | tuple[str, ...], code: int = 0) -> Shot:
    words = tuple(typed.split()) if isinstance(typed, str) else typed
    return Shot(name, state, words, code, main=name in MAIN)


_LOOKING = (
    _shot("status-fresh", "fresh", "status"),
    _shot("status-answered", "answered", "status"),
    _shot("status-blocked", "blocked", "status"),
    _shot("status-passed", "passed", "status"),
    _shot("status-stale", "stale", "status"),
    _shot("status-edited", "edited", "status"),
    _shot("status-failed", "failed", "status"),
    _shot("status-approved", "approved", "status"),
    _shot("status-approval-outdated", "outdated", "status"),
    _shot("status-closed", "closed", "status"),
    _shot("status-external", "shop", "status"),
    _shot("status-wide", "wide", "status"),
    _shot("status-many", "many", "status"),
    _shot("status-many-all", "many_ran", "status --all"),
    _shot("status-many-ran", "many_ran", "status"),
    Shot("status-elsewhere", "passed", ("status",), environ={"RUNTHROUGH_HOST": "there"}),
    _shot("requirements", "fresh", "requirements clean"),
    _shot("requirements-connected", "answered", "requirements report"),
    _shot("requirements-external", "shop", "requirements Warehouse"),
    _shot("show", "mended", "show ConvertCurrency_production"),
    _shot("show-fresh", "fresh", "show clean"),
    _shot("show-external", "shop", "show Warehouse"),
    _shot("config-show", "fresh", "config show"),
    _shot("logs", "failed", "logs CheckStock"),
    _shot("logs-none", "fresh", "logs clean"),
    _shot("check-clean", "answered", "check"),
    _shot("check-problems", "edited", "check", 1),
    _shot("check-fresh", "fresh", "check", 1),
    _shot("history", "passed", "history"),
    _shot("history-node", "passed", "history --node report"),
    _shot("history-none", "passed", "history --actor nobody"),
    _shot("as-of", "passed", "as-of 12"),
    _shot("diff", "stale", "diff 12"),
    _shot("diff-last-green", "edited", "diff --last-green"),
    _shot("diff-nothing", "passed", "diff --last-green"),
    _shot("why", "stale", "why total"),
    _shot("why-fresh", "fresh", "why total"),
    _shot("sessions", "forked", "sessions"),
    _shot("sessions-many", "crowded", "sessions"),
    _shot("sessions-archived", "archived", "sessions"),
    _shot("sessions-none", "files", "sessions", 4),
    Shot("doctor", "passed", ("doctor",), kept=False),
    _shot("db-current", "passed", "db current"),
)
_CONFIGURING = (
    _shot("init", "nothing", "init"),
    _shot("init-refused", "files", "init", 2),
    Shot("completion", "nothing", ("completion", "bash"), kept=False),
    _shot("new", "files", "new pipeline.yaml --name demo"),
    _shot("new-like", "passed", "new pipeline.yaml --name again --like demo"),
    _shot("new-nothing", "nothing", "new --from-folder .", 2),
    _shot("new-from-folder", "drafted", "new --from-folder scripts"),
    _shot("configure", "fresh", CURRENCY),
    _shot(
        "configure-rejected",
        "fresh",
        "configure clean --input orders=data/order.csv --env CURENCY=EUR",
        2,
    ),
    _shot("configure-partial", "fresh", "configure report --output report=out.txt --partial"),
    _shot("configure-warning", "fresh", (*TOP, "--output", "report=data")),
    _shot("next-without-terminal", "fresh", "next", 3),
    _shot("next-nothing", "answered", "next"),
    _shot("connect", "made", "connect make.beta take.gamma"),
    _shot("connect-refused", "made", "connect make.delta take.gamma", 2),
    _shot("confirm", "answered", "confirm total.clean_orders"),
    _shot("confirm-nothing", "fresh", "confirm --all", 2),
    _shot("reject", "connected", "reject take.gamma"),
    _shot("disconnect", "connected", "disconnect take.gamma"),
    _shot("bind", "fresh", "bind total scripts/report.py"),
    _shot("external", "answered", "external clean --output clean_orders=data/orders.csv"),
    _shot("internal", "shop", "internal Warehouse"),
    _shot("clear", "answered", "clear report"),
    _shot("accept", "stale", "accept clean"),
    _shot("undo", "answered", "undo --anyone"),
    _shot("undo-refused", "answered", "undo", 2),
    _shot("redo", "undone", "redo --as ann"),
    _shot("update", "rewritten", "update"),
    _shot("update-nothing", "passed", "update", 2),
)
_RUNNING = (
    _shot("plan", "stale", "plan"),
    _shot("plan-nothing", "passed", "plan"),
    _shot("plan-pending", "fresh", "plan", 3),
    _shot("plan-shop", "shop", "plan"),
    _shot("run", "answered", "run"),
    _shot("run-nothing", "passed", "run"),
    _shot("run-failed", "shop", "run", 1),
    _shot("run-pending", "fresh", "run", 3),
    _shot("run-unfit", "unfit", "run", 1),
    _shot("run-many", "many_ran", "run --runner forkserver:", 1),
    _shot("plan-many", "many_ran", "plan"),
    _shot("check-many", "many", "check", 1),
    _shot("retry", "mended", "retry", 1),
    _shot("retry-nothing", "passed", "retry", 5),
    _shot("cancel-refused", "answered", "cancel", 2),
    _shot("report", "failed", "report"),
    Shot("report-junit", "failed", ("report", "--junit"), kept=False),
    _shot("report-github", "failed", "report --github"),
)
_KEEPING = (
    _shot("resume", "edited", "resume"),
    _shot("resume-nothing", "answered", "resume"),
    Shot("resume-elsewhere", "passed", ("resume",), environ={"RUNTHROUGH_HOST": "there"}),
    _shot("resume-closed", "closed", "resume --session demo"),
    _shot("fork", "passed", "fork --at 12 --name calm-owl"),
    _shot("note", "passed", ("note", "the totals of February were checked by hand")),
    _shot("approve", "passed", "approve"),
    _shot("approve-refused", "answered", "approve", 2),
    _shot("rename", "passed", "rename spring"),
    _shot("close", "passed", "close"),
    _shot("reopen", "closed", "reopen --session demo"),
    _shot("archive", "closed", "archive --session demo"),
    _shot("export", "answered", "export --pipeline out.yaml"),
    _shot("audit-verify", "passed", "audit verify"),
    _shot("audit-verify-broken", "tampered", "audit verify log.jsonl", 6),
    Shot("audit-checkpoint", "passed", ("audit", "checkpoint"), kept=False),
    _shot("audit-checkpoint-file", "passed", "audit checkpoint -o note.json"),
    _shot("audit-export", "passed", "audit export -o log.jsonl"),
    _shot("audit-import", "imported", "audit import log.jsonl"),
    _shot("db-upgrade", "passed", "db upgrade"),
    _shot("serve-open", "let_in", "serve --host 0.0.0.0 --public-url http://team.example:8642", 2),
    _shot("serve-nobody", "passed", "serve --no-link", 2),
    _shot("token-create", "passed", "token create ann@laptop"),
    _shot("token-create-refused", "passed", "token create ann --expires 0d", 2),
    _shot("token-list", "let_in", "token list"),
    _shot("token-list-all", "let_in", "token list --all"),
    _shot("token-list-none", "passed", "token list"),
    _shot("token-revoke", "let_in", "token revoke ci"),
    _shot("token-revoke-unknown", "let_in", "token revoke eve", 2),
)
_REFUSED = (
    _shot("error-usage", "fresh", "configure", 2),
    _shot("error-verb", "fresh", "statsu", 2),
    _shot("error-option", "fresh", "run --jobs 0", 2),
    _shot("error-node", "fresh", "why totl", 2),
    _shot("error-selection", "answered", "run nothing", 5),
    _shot("error-session", "fresh", "status --session other", 2),
    _shot("error-database", "fresh", "status --database sqlite:///nowhere.db", 4),
    _shot("error-pipeline", "files", "new data/orders.csv", 2),
    _shot("error-closed", "closed", "run --session demo", 2),
)
_HELP = (
    _shot("help", "files", "--help"),
    *(_shot(f"help-{verb}", "files", f"{verb} --help") for verb in verbs()),
)
SHOTS = tuple(
    replace(shot, name=shot.name.replace(" ", "-"))
    for shot in (*_LOOKING, *_CONFIGURING, *_RUNNING, *_KEEPING, *_REFUSED, *_HELP)
)
