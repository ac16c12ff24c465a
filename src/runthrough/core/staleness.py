"""Fingerprints compared: what a node depends on now against what its last passed attempt used."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from runthrough.core.state import PassedAttempt, SessionState
from runthrough.core.values.connections import Output
from runthrough.core.values.facts import NodeFacts, PathFacts
from runthrough.core.values.fingerprints import Fingerprint, FingerprintPart
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.paths import below

World = Mapping[NodeName, NodeFacts]


@dataclass(frozen=True, slots=True)
class Change:
    """One part of a fingerprint that differs."""

    part: str
    name: str
    old: JsonValue
    new: JsonValue


def content_of(seen: PathFacts | None) -> JsonValue:
    """What stands for a path's content: its digest, else what `stat` says, `None` if absent."""
    if seen is None or seen.kind is None:
        return None
    return seen.digest or f"stat:{seen.size_bytes}:{seen.mtime_ns}"


_SAGEMAKER = FingerprintPart(part="environ_var", name="SM_*", value="set")
"""Stands for all variables that a run with `--sagemaker` sets: they follow from the others."""


def fingerprint(
    state: SessionState, node: NodeName, facts: NodeFacts, *, sagemaker: bool | None = None
) -> Fingerprint | None:
    """All that the outcome of a node depends on now.

    `None` while it cannot be told: the node has no accepted configuration or no script, or a
    producer has not passed. With `sagemaker` as a run has it; left out, as the last passed
    attempt had it.
    """
    there = state.nodes[node]
    spec = there.spec
    if spec is None or facts.script is None:
        return None
    parts = [
        FingerprintPart(part="script", name=facts.script.name, value=facts.script.digest),
        FingerprintPart(part="interpreter", name="python", value=facts.interpreter.version),
    ]
    parts += [
        FingerprintPart(part="module", name=name, value=digest)
        for name, digest in facts.script.modules.items()
    ]
    if sagemaker is None:
        sagemaker = there.passed is not None and _SAGEMAKER in there.passed.fingerprint
    if sagemaker:
        parts.append(_SAGEMAKER)
    for name, path in spec.input_paths.items():
        value = content_of(facts.paths.get(path))
        parts.append(FingerprintPart(part="input", name=name, value=value))
    for name, connection in state.connections.get(node, {}).items():
        source = connection.source
        producer = state.nodes[NodeName(source.node)]
        if producer.external:
            path = below(producer.external_outputs[source.output], source.subpath)
            value = content_of(facts.paths.get(path))
        elif producer.passed is None:
            return None
        else:
            value = _passed_on(producer.passed, source)
        parts.append(FingerprintPart(part="input", name=name, value=value))
    parts += [
        FingerprintPart(part="environ_var", name=name, value=value)
        for name, value in spec.environ_vars.items()
    ]
    parts += [
        FingerprintPart(part="job_arg", name=name, value=value)
        for name, value in spec.job_args.items()
    ]
    return tuple(sorted(parts, key=lambda part: (part.part, part.name)))


def _passed_on(passed: PassedAttempt, source: Output) -> str:
    """What stands for an output's content; without a digest which attempt wrote it."""
    written = passed.digests.get(source.output) or passed.attempt
    return f"{written}/{source.subpath}" if source.subpath else written


def configured_otherwise(state: SessionState, node: NodeName) -> bool:
    """Whether history alone tells that a node is not set up as its last passed attempt was.

    That is so of its variables, its arguments, which inputs it is given, and what other nodes
    have written for it since; what lies in files is not looked at.
    """
    passed = state.nodes[node].passed
    return passed is not None and set_up_otherwise(state, node, passed.fingerprint)


def set_up_otherwise(state: SessionState, node: NodeName, used: Fingerprint) -> bool:
    """Whether history alone tells that a node is not set up as an attempt `used` it."""
    there = state.nodes[node]
    if there.spec is None or there.script is None:
        return True
    wired = state.connections.get(node, {})
    fed: dict[str, JsonValue] = {
        name: _passed_on(producer.passed, wire.source)
        for name, wire in wired.items()
        if (producer := state.nodes[NodeName(wire.source.node)]).passed is not None
        and not producer.external
    }
    had = {
        (part.part, part.name): None
        if part.part == "input" and part.name not in fed
        else part.value
        for part in used
        if part.part in {"input", "environ_var", "job_arg"} and part != _SAGEMAKER
    }
    given: dict[tuple[str, str], JsonValue] = {
        **{("input", name): fed.get(name) for name in (*there.spec.input_paths, *wired)},
        **{("environ_var", name): value for name, value in there.spec.environ_vars.items()},
        **{("job_arg", name): value for name, value in there.spec.job_args.items()},
    }
    return had != given


def differences(old: Fingerprint, new: Fingerprint) -> tuple[Change, ...]:
    """Every part that differs, old → new; `None` stands for a part that is not there."""
    before = {(part.part, part.name): part.value for part in old}
    after = {(part.part, part.name): part.value for part in new}
    return tuple(
        Change(part, name, before.get((part, name)), after.get((part, name)))
        for part, name in sorted({*before, *after})
        if before.get((part, name)) != after.get((part, name))
    )


def output_changes(state: SessionState, node: NodeName, facts: NodeFacts) -> tuple[Change, ...]:
    """Outputs of the last passed attempt that are to lie elsewhere, or have other content."""
    passed, spec = state.nodes[node].passed, state.nodes[node].spec
    if passed is None:
        return ()
    given = spec.output_paths if spec else {}
    changes = [
        Change("output", name, passed.outputs[name], path)
        for name, path in given.items()
        if name in passed.outputs and passed.outputs[name] != path
    ]
    for name, path in passed.outputs.items():
        recorded = passed.digests.get(name)
        present = facts.paths.get(path)
        if present is not None and recorded is not None and present.digest != recorded:
            changes.append(Change("output", name, recorded, present.digest))
    return tuple(changes)


def changes_of(
    state: SessionState, node: NodeName, facts: NodeFacts, *, sagemaker: bool | None = None
) -> tuple[Change, ...]:
    """All that differs from what the last passed attempt depended on, or left; not from above.

    Empty as well where that cannot be told: no attempt has passed, or the node cannot run as it
    is.
    """
    passed = state.nodes[node].passed
    if passed is None:
        return ()
    present = fingerprint(state, node, facts, sagemaker=sagemaker)
    changed = told_differences(passed.fingerprint, present, facts) if present is not None else ()
    return changed + output_changes(state, node, facts)


def told_differences(
    old: Fingerprint, present: Fingerprint, facts: NodeFacts
) -> tuple[Change, ...]:
    """The differences that can be known: where nothing was looked at, by what history holds."""
    changed = differences(old, present)
    if facts.checked_here:
        return changed
    return tuple(change for change in changed if _told_unseen(change))


def _told_unseen(change: Change) -> bool:
    """Whether history alone tells a change: contents that it holds no digest of it does not."""
    if change.part == "input":
        return isinstance(change.new, str) and not change.new.startswith("stat:")
    return change.part != "interpreter"


def looked_at(state: SessionState, node: NodeName) -> tuple[RecordedPath, ...]:
    """The paths whose content decides whether a node is stale."""
    there = state.nodes[node]
    spec = there.spec or there.draft
    paths = list(spec.input_paths.values()) if spec else []
    for connection in state.connections.get(node, {}).values():
        producer = state.nodes.get(NodeName(connection.source.node))
        if producer is not None and connection.source.output in producer.external_outputs:
            output = producer.external_outputs[connection.source.output]
            paths.append(below(output, connection.source.subpath))
    if there.passed is not None:
        paths += there.passed.outputs.values()
    return tuple(dict.fromkeys(paths))


def paths_of(state: SessionState) -> frozenset[RecordedPath]:
    """Every path that a look at the session would look at: files, folders and scripts."""
    found: set[RecordedPath] = set()
    for node, there in state.nodes.items():
        found.update(looked_at(state, node))
        spec = there.spec or there.draft
        found.update(spec.output_paths.values() if spec else ())
        found.update(there.external_outputs.values())
        if there.script is not None:
            found.add(there.script.path)
    return frozenset(found)


def stale(
    state: SessionState, world: World, *, sagemaker: bool | None = None
) -> dict[NodeName, tuple[Change, ...]]:
    """The nodes whose last passed attempt no longer stands, each with what changed.

    A node below a stale one is stale with the upstream node's name as the change, and so is one
    below a node that has never passed. An accepted configuration that was not run since says
    nothing by itself: where all that the last passed attempt depended on is as it was, a run
    reuses it. A node that cannot run as it is, is pending, not stale. `sagemaker` is as for
    `fingerprint`.
    """
    found: dict[NodeName, tuple[Change, ...]] = {}
    unsettled: set[NodeName] = set()
    for node, there in state.nodes.items():
        if there.external:
            continue
        above = [n for n in state.predecessors.get(node, ()) if n in unsettled or n in found]
        if there.passed is None:
            unsettled.add(node)
            continue
        facts = world.get(node, NodeFacts())
        changes = changes_of(state, node, facts, sagemaker=sagemaker)
        changes += tuple(Change("upstream", name, None, None) for name in above)
        if changes:
            found[node] = changes
    return found
