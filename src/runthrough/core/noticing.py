"""What has become of a node's inputs and script since history last saw them, part by part."""

from collections.abc import Iterator, Mapping, Sequence

from runthrough.core.staleness import content_of
from runthrough.core.state import NodeState, SessionState
from runthrough.core.values.connections import Connection
from runthrough.core.values.facts import (
    MODULE,
    SCRIPT,
    Evidence,
    NodeFacts,
    PathFacts,
    WorldChange,
)
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.paths import below
from runthrough.core.values.scripts import ScriptInfo


def noticed(
    state: SessionState,
    node: NodeName,
    facts: NodeFacts,
    *,
    evidence: Sequence[Evidence],
    script: ScriptInfo | None,
) -> tuple[WorldChange, ...]:
    """Every input, the script and each local module that is other than history holds it.

    `evidence` and `script` are what history holds. Contents are told apart by digest; where one
    of two looks took none, by size, modification time and inode. What is missing is no change:
    that demotes the node.
    """
    inputs = _inputs(state, node, facts.paths, evidence)
    return (*inputs, *_scripts(script, facts.script))


def outside_path(state: SessionState, connection: Connection) -> RecordedPath | None:
    """Where the output of an external node lies that feeds an input; `None` of other nodes."""
    source = connection.source
    producer = state.nodes.get(NodeName(source.node))
    path = producer.external_outputs.get(source.output) if producer is not None else None
    return below(path, source.subpath) if path is not None else None


def _inputs(
    state: SessionState,
    node: NodeName,
    paths: Mapping[RecordedPath, PathFacts],
    evidence: Sequence[Evidence],
) -> Iterator[WorldChange]:
    there = state.nodes[node]
    held = {seen.name: seen for seen in evidence if seen.kind == "input"}
    for name, path, connection in _taken(state, node):
        now, before = paths.get(path), held.get(name)
        if now is None or now.kind is None or now.empty or now.size_bytes is None:
            continue
        if before is None or before.path != path or before.size_bytes is None:
            # Nobody has looked at it yet: it was configured where its files are not, say.
            if there.accepted_at is not None:
                yield WorldChange(
                    name=f"input {name}",
                    old=None,
                    new=_words(now),
                    evidence=_seen(name, path, connection, now, before),
                )
        elif _differs(before, now, ran := _digest_that_ran(there, name)):
            yield WorldChange(
                name=f"input {name}",
                old=before.digest or ran or f"stat:{before.size_bytes}:{before.mtime_ns}",
                new=_words(now),
                evidence=_seen(name, path, connection, now, before),
            )


def _taken(state: SessionState, node: NodeName) -> Iterator[tuple[str, RecordedPath, str | None]]:
    """Each input that lies outside the pipeline: name, path, and the output that stands for it."""
    there = state.nodes[node]
    spec = there.spec or there.draft
    for name, path in spec.input_paths.items() if spec else ():
        yield name, path, None
    for name, connection in state.connections.get(node, {}).items():
        outside = outside_path(state, connection)
        if outside is not None:
            yield name, outside, str(connection.source)


def _differs(before: Evidence, now: PathFacts, ran: str | None) -> bool:
    known = before.digest or ran
    if known is not None and now.digest is not None:
        return known != now.digest
    stat = (before.size_bytes, before.mtime_ns, before.inode)
    return stat != (now.size_bytes, now.mtime_ns, now.inode)


def _digest_that_ran(there: NodeState, name: str) -> str | None:
    """The digest that a run took of an input that is too large to be digested at each look."""
    passed, accepted_at = there.passed, there.accepted_at
    if passed is None or accepted_at is None or passed.at < accepted_at:
        return None
    for part in passed.fingerprint:
        if part.part == "input" and part.name == name and isinstance(part.value, str):
            return None if part.value.startswith("stat:") else part.value
    return None


def _seen(
    name: str,
    path: RecordedPath,
    connection: str | None,
    now: PathFacts,
    before: Evidence | None,
) -> Evidence:
    source = "connection" if connection else (before.source if before else "person")
    return Evidence(
        kind="input",
        name=name,
        source=source,
        path=path,
        connection=connection,
        size_bytes=now.size_bytes,
        mtime_ns=now.mtime_ns,
        inode=now.inode,
        digest=now.digest,
    )


def _words(now: PathFacts) -> str:
    return str(content_of(now))


def _scripts(before: ScriptInfo | None, now: ScriptInfo | None) -> Iterator[WorldChange]:
    if before is None or now is None or before.path != now.path:
        return
    if before.digest != now.digest:
        yield WorldChange(name=SCRIPT, old=before.digest, new=now.digest)
    for name in sorted({*before.modules, *now.modules}):
        old, new = before.modules.get(name), now.modules.get(name)
        if old != new:
            yield WorldChange(name=f"{MODULE}{name}", old=old, new=new)
