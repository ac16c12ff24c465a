"""Rules about the node's script and its contract."""

from collections.abc import Iterator

from runthrough.core.validation.proposal import Proposal
from runthrough.core.validation.words import command, told, word
from runthrough.core.values.ids import RecordedPath
from runthrough.core.values.paths import PIPELINE, WORKSPACE, shown, split
from runthrough.core.values.problems import Problem
from runthrough.core.values.requirements import Drift


def script_problems(proposal: Proposal) -> Iterator[Problem]:
    """No script, one that cannot be run, or one that the name rules would not take today."""
    script = proposal.facts.script
    if script is None:
        yield _not_found(proposal)
        return
    for problem in script.problems:
        where = problem.where.model_copy(update={"node": proposal.node})
        yield problem.model_copy(update={"where": where})
    for candidate in proposal.facts.candidates:
        if candidate.kind == "preferred":
            yield proposal.problem(
                "SCRIPT_SHADOWED",
                "script",
                None,
                f"{proposal.node} keeps {told(script.path)}, although {told(candidate.path)} now "
                f"comes first ({candidate.reason})",
                command("bind", proposal.node, shown(candidate.path)),
                severity="warning",
                candidates=(shown(candidate.path),),
            )


def contract_problems(proposal: Proposal) -> Iterator[Problem]:
    """Names on which contract and code disagree; the code is what runs."""
    for drift in proposal.facts.drift:
        yield proposal.problem(
            "CONTRACT_DRIFT",
            drift.kind,
            drift.code or drift.contract,
            f"Contract and code disagree: {drift}",
            _mended(proposal, drift),
            severity="warning",
            candidates=(drift.code,) if drift.code else (),
        )


def _mended(proposal: Proposal, drift: Drift) -> str:
    """What to do to the contract, since the code wins."""
    contract = proposal.facts.contract
    file = word(shown(contract)) if contract is not None else "the contract"
    if drift.contract is None:
        return f"add {drift.code} to {file}"
    if drift.code is None:
        return f"take {drift.contract} out of {file}"
    return f"write {drift.code} instead of {drift.contract} in {file}"


def _not_found(proposal: Proposal) -> Problem:
    suggested = [c for c in proposal.facts.candidates if c.kind == "suggested"]
    hint = f". Did you mean {told(suggested[0].path)!r}?" if suggested else ""
    path = shown(suggested[0].path) if suggested else "PATH"
    outside = command("external", proposal.node, options="--output NAME=PATH")
    return proposal.problem(
        "SCRIPT_NOT_FOUND",
        "script",
        None,
        f"Script '{proposal.node}' not found in discovered scripts{_absent(proposal)}{hint}",
        f"{command('bind', proposal.node, path)}, or {outside} when it stands for something "
        f"outside{_searched(proposal)}",
        candidates=tuple(f"{told(c.path)} ({c.reason})" for c in suggested),
    )


def _absent(proposal: Proposal) -> str:
    """That a folder in which the script was looked for is not there."""
    absent = [_folder(folder.place) for folder in proposal.facts.searched if not folder.there]
    return f", and {' and '.join(absent)} does not exist" if absent else ""


def _searched(proposal: Proposal) -> str:
    """Where a file has to lie to be found; where that is on a host is not history."""
    places = [
        f"scripts/ of {_folder(folder.place)} and in it"
        if folder.has_scripts_folder
        else _folder(folder.place)
        for folder in proposal.facts.searched
    ]
    return f"; scripts are looked for in {', in '.join(places)}" if places else ""


def _folder(place: RecordedPath) -> str:
    root, relative = split(place)
    if relative != ".":
        return told(place)
    if root == PIPELINE:
        return "the pipeline's folder"
    return "the workspace" if root == WORKSPACE else f"the folder {root}"
