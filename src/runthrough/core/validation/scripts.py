"""Rules about the node's script."""

from collections.abc import Iterator

from runthrough.core.validation.proposal import Proposal
from runthrough.core.values.paths import shown
from runthrough.core.values.problems import Problem


def script_problems(proposal: Proposal) -> Iterator[Problem]:
    """No script, or one that cannot be run."""
    script = proposal.facts.script
    if script is None:
        yield _not_found(proposal)
        return
    for problem in script.problems:
        where = problem.where.model_copy(update={"node": proposal.node})
        yield problem.model_copy(update={"where": where})


def _not_found(proposal: Proposal) -> Problem:
    suggested = [c for c in proposal.facts.candidates if c.kind == "suggested"]
    candidates = tuple(f"{shown(c.path)} ({c.reason})" for c in suggested)
    path = shown(suggested[0].path) if suggested else "PATH"
    return proposal.problem(
        "SCRIPT_NOT_FOUND",
        "script",
        None,
        f"Script '{proposal.node}' not found in discovered scripts",
        f"in the pipeline file: nodes: {{{proposal.node}: {{script: {path}}}}}, or "
        "{external: true} when it stands for something outside; then runthrough new PIPELINE",
        candidates=candidates,
    )
