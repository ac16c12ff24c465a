"""Drafting a pipeline file from a folder of scripts."""

import shlex

from runthrough.entrypoints.cli.visit import Visit
from runthrough.entrypoints.cli.words import counted

DRAFTED = "pipeline.yaml"
"""The file that is drafted in the current folder when none is named."""


def draft(visit: Visit, folder: str, file: str) -> None:
    """Write the file, and tell what is in it and what is left to a person."""
    from runthrough.bootstrap import draft_pipeline  # noqa: PLC0415 - heavy, so inside

    done = draft_pipeline(folder, file)
    drafted = done.drafted
    visit.screen.result(
        {
            "file": done.file,
            "schema": done.schema,
            "nodes": list(drafted.nodes),
            "connections": [
                {
                    "node": one.node,
                    "input": one.input,
                    "from_node": one.source.node,
                    "output": one.source.output,
                    "subpath": one.source.subpath,
                    "score": one.score,
                    "reason": one.reason,
                }
                for one in drafted.connections
            ],
            "open": [
                {"node": one.node, "kind": one.kind, "name": one.need.name} for one in drafted.open
            ],
            "left_out": list(done.left_out),
        }
    )
    screen = visit.screen
    counts = ((drafted.nodes, "node"), (drafted.connections, "connection"), (drafted.open, "need"))
    told = ", ".join(counted(len(several), thing) for several, thing in counts)
    screen.line(f"{done.file}: {told} open")
    for one in drafted.connections:
        screen.line(f"  {one.node}.{one.input} ← {one.source}  ", (one.reason, "dim"))
    if done.schema is not None:
        screen.line(("for editors: ", "dim"), (done.schema, "dim"))
    for why in done.left_out:
        screen.line(("  left out: ", "dim"), why)
    if drafted.open or drafted.guesses:
        screen.line("Its comments say what is open, and what may belong together.")
    visit.next(f"runthrough new {shlex.quote(done.file)}")
