"""Two sessions, or two versions of one, compared: only what differs."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from pydantic import JsonValue

from runthrough.core.staleness import World, content_of
from runthrough.core.state import NodeState, SessionState
from runthrough.core.values.facts import NodeFacts
from runthrough.core.values.fingerprints import Fingerprint
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.paths import SESSION, ancestor_root, below
from runthrough.core.values.secrets import masked_text
from runthrough.core.views.nodes import View, node_values
from runthrough.core.views.particulars import Particulars, Table, output_place
from runthrough.core.views.value_words import differing, is_null, value_words

SCRIPT = "script"
"""The part whose two contents are told as a text diff."""
_NOTHING = NodeFacts(checked_here=False)
_Contents = dict[tuple[str, str], JsonValue]


@dataclass(frozen=True, slots=True)
class Side:
    """One session at one version."""

    state: SessionState
    particulars: Particulars
    world: World
    """What was seen of it now, or what history held then."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One part of a node that is another one."""

    node: NodeName
    part: str
    """`node` (is new, gone, or renamed), `configuration`, `script`, `module`, `interpreter`,
    `input`, `output`, `outcome` or `duration`."""
    name: str
    old: JsonValue
    new: JsonValue
    """Contents by digest; of inputs and outputs with the number of rows and columns."""
    diff: str | None = None
    """Of a script what differs in its text, as a unified diff."""
    reason: str | None = None
    """Of a script why there is no text diff."""
    null: tuple[str, ...] = ()
    """Of an argument which of `old` and `new` is set, and null."""

    def view(self) -> View:
        """The row as a mapping with the fields' names."""
        return {
            "node": self.node,
            "part": self.part,
            "name": self.name,
            "old": self.old,
            "new": self.new,
            "diff": self.diff,
            "reason": self.reason,
        }


def differences_of(
    one: Side, other: Side, names: Mapping[NodeName, NodeName] | None = None
) -> tuple[Difference, ...]:
    """All that differs, node by node in execution order; script texts are not looked at.

    `names` tells what a node of the first side is called on the other, where that differs; it is
    told by its name there.

    Contents are compared where both sides know them. Of one whose content is looked at that is
    what lies there now, else what history held: what was last seen, or what the last attempt took.
    """
    new_names = names or {}
    pairs = list(_pairs_of_nodes(one.state, other.state, new_names))
    return tuple(found for pair in pairs for found in _of_node(pair, one, other, new_names))


def _pairs_of_nodes(
    one: SessionState, other: SessionState, names: Mapping[NodeName, NodeName]
) -> Iterator[tuple[NodeName | None, NodeName | None]]:
    """Each node by its names on both sides; `None` on the side that has it not."""
    met = frozenset(names.values())
    for node in one.nodes:
        there = node in other.nodes and node not in met
        yield node, names.get(node, node if there else None)
    for node in other.nodes:
        if node not in met and (node not in one.nodes or node in names):
            yield None, node


def _of_node(
    pair: tuple[NodeName | None, NodeName | None],
    one: Side,
    other: Side,
    names: Mapping[NodeName, NodeName],
) -> Iterator[Difference]:
    old_name, node = pair
    if node is None or old_name is None:
        only = node or old_name
        if only is not None:
            old, new = (
                _kind(side.state, name) for side, name in zip((one, other), pair, strict=True)
            )
            yield Difference(only, "node", only, old, new)
        return
    if old_name != node:
        yield Difference(node, "node", node, old_name, node)
    before_values = _values(one.state, old_name, names)
    yield from _told(node, "configuration", before_values, _values(other.state, node, {}))
    yield from _contents((old_name, node), one, other)
    for name, (old, new) in _pairs(_outputs(one, old_name), _outputs(other, node)):
        if _digest(old) != _digest(new):
            yield Difference(node, "output", name, old, new)
    before, after = one.state.nodes[old_name].last, other.state.nodes[node].last
    if before != after:
        ends = tuple(
            {"outcome": end.outcome, "duration": end.duration_s} if end else {}
            for end in (before, after)
        )
        for part in ("outcome", "duration"):
            old, new = (end.get(part) for end in ends)
            if old != new:
                yield Difference(node, part, part, old, new)


def _told(
    node: NodeName, part: str, old: Mapping[str, JsonValue], new: Mapping[str, JsonValue]
) -> Iterator[Difference]:
    for name in sorted(differing(old, new)):
        null = tuple(n for n, side in (("old", old), ("new", new)) if is_null(side, name))
        yield Difference(node, part, name, old.get(name), new.get(name), null=null)


def _pairs(
    old: Mapping[str, JsonValue], new: Mapping[str, JsonValue]
) -> Iterator[tuple[str, tuple[JsonValue, JsonValue]]]:
    for name in sorted({*old, *new}):
        yield name, (old.get(name), new.get(name))


def _kind(state: SessionState, node: NodeName | None) -> JsonValue:
    """What a node is, in words; `None` where there is none of that name."""
    there = state.nodes.get(node) if node is not None else None
    if there is None:
        return None
    return "external" if there.external else (there.script.name if there.script else "no script")


def _values(
    state: SessionState, node: NodeName, names: Mapping[NodeName, NodeName]
) -> dict[str, JsonValue]:
    """The configuration; of paths in a session's own folder it is told whose that is.

    What feeds it has the names of the other side.
    """
    fed: dict[str, JsonValue] = {
        f"input.{name}": f"@{replace(wire.source, node=names[NodeName(wire.source.node)])}"
        for name, wire in state.connections.get(node, {}).items()
        if wire.source.node in names
    }
    own = f"{SESSION}:"
    whose = f"{ancestor_root(state.session_id)}:"
    return {
        name: f"{whose}{value.removeprefix(own)}"
        if isinstance(value, str) and value.startswith(own) and not name.startswith(("env", "arg"))
        else value
        for name, value in {**node_values(state, node), **fed}.items()
    }


# ---- contents


def _contents(names: tuple[NodeName, NodeName], one: Side, other: Side) -> Iterator[Difference]:
    """Scripts, modules, interpreters and inputs by what is in them."""
    node = names[1]
    old, new = _content(one, names[0]), _content(other, node)
    known = (SCRIPT, "") in old and (SCRIPT, "") in new
    for part, name in sorted({*old, *new}):
        before, after = old.get((part, name)), new.get((part, name))
        both = (part, name) in old and (part, name) in new
        if before == after or not (both or (part == "module" and known)):
            continue
        if part == "input":
            if _is_stat(before) or _is_stat(after):
                continue  # nobody knows whether the content is another one
            before, after = (
                _sized(side, own_name, name, digest)
                for side, own_name, digest in zip(
                    (one, other), names, (before, after), strict=True
                )
            )
        yield Difference(node, part, name or _script_name(other, node), before, after)


def _content(side: Side, node: NodeName) -> _Contents:
    """What a node depends on beside its configuration, as far as this side knows it."""
    there, facts = side.state.nodes[node], side.world.get(node, _NOTHING)
    told: _Contents = {}
    if facts.script is not None:
        told[SCRIPT, ""] = facts.script.digest
        told |= {("module", name): digest for name, digest in facts.script.modules.items()}
    elif facts.checked_here and there.script is not None:
        told[SCRIPT, ""] = None
    if facts.checked_here and facts.interpreter.version is not None:
        told["interpreter", "python"] = facts.interpreter.version
    told |= {("input", name): value for name, value in _inputs(side, node, facts)}
    for part in _last_used(there):
        key = (part.part, "" if part.part == SCRIPT else part.name)
        given = part.part == "input" and part.name in _input_names(side.state, node)
        code = part.part in {SCRIPT, "module"} and facts.script is None
        if key not in told and (given or code or part.part == "interpreter"):
            told[key] = part.value
    return told


def _inputs(side: Side, node: NodeName, facts: NodeFacts) -> Iterator[tuple[str, JsonValue]]:
    state = side.state
    spec = state.nodes[node].spec or state.nodes[node].draft
    for name, path in (spec.input_paths if spec else {}).items():
        yield from _seen(name, path, facts)
    for name, wire in state.connections.get(node, {}).items():
        producer = state.nodes.get(NodeName(wire.source.node))
        if producer is None:
            continue
        if producer.external:
            output = producer.external_outputs.get(wire.source.output)
            if output is not None:
                yield from _seen(name, below(output, wire.source.subpath), facts)
        elif producer.passed is not None:
            digest = producer.passed.digests.get(wire.source.output)
            if digest is not None:
                yield name, output_place(digest, wire.source.subpath)


def _seen(name: str, path: RecordedPath, facts: NodeFacts) -> Iterator[tuple[str, JsonValue]]:
    seen = facts.paths.get(path)
    if facts.checked_here:
        yield name, content_of(seen)
    elif seen is not None and seen.digest is not None:
        yield name, seen.digest


def _input_names(state: SessionState, node: NodeName) -> set[str]:
    spec = state.nodes[node].spec or state.nodes[node].draft
    return {*(spec.input_paths if spec else ()), *state.connections.get(node, {})}


def _last_used(there: NodeState) -> Fingerprint:
    """What the last attempt depended on, or was accepted to depend on."""
    if there.last is None:
        return ()
    if there.passed is not None and there.passed.attempt == there.last.attempt:
        return there.passed.fingerprint
    return there.last.fingerprint


def _is_stat(content: JsonValue) -> bool:
    return isinstance(content, str) and content.startswith("stat:")


def _script_name(side: Side, node: NodeName) -> str:
    script = side.state.nodes[node].script
    return script.name if script else node


def _sized(side: Side, node: NodeName, name: str, digest: JsonValue) -> JsonValue:
    """An input's digest with the size of the table that the connection was found to carry."""
    wire = side.state.connections.get(node, {}).get(name)
    table = None
    if wire is not None:
        place = output_place(wire.source.output, wire.source.subpath)
        table = side.particulars.tables.get(NodeName(wire.source.node), {}).get(place)
    return _told_content(digest, table)


def _outputs(side: Side, node: NodeName) -> dict[str, JsonValue]:
    """What the last passed attempt left: as it lies there now where that is looked at."""
    passed, facts = side.state.nodes[node].passed, side.world.get(node, _NOTHING)
    if passed is None:
        return {}
    told: dict[str, JsonValue] = {}
    for name, recorded in passed.digests.items():
        seen = facts.paths.get(passed.outputs[name]) if facts.checked_here else None
        # What is there and was not digested is taken for what it was.
        known = seen is not None and (seen.digest is not None or seen.kind is None)
        present = seen.digest if seen is not None and known else recorded
        same = present == recorded
        table = side.particulars.tables.get(node, {}).get(name) if same else None
        told[name] = _told_content(present, table)
    return told


def _told_content(digest: JsonValue, table: Table | None) -> JsonValue:
    if digest is None:
        return None
    rows, columns = (table.rows, table.columns) if table else (None, None)
    return {"digest": digest, "rows": rows, "columns": columns}


def _digest(content: JsonValue) -> JsonValue:
    return content["digest"] if isinstance(content, dict) else None


# ---- texts


def source_diff(old: str, new: str, *, name: str, labels: tuple[str, str]) -> str:
    """What differs between two texts of a script, as a unified diff; secrets are masked.

    Empty for texts without a difference.
    """
    lines = difflib.unified_diff(
        masked_text(old).splitlines(),
        masked_text(new).splitlines(),
        fromfile=f"{name} ({labels[0]})",
        tofile=f"{name} ({labels[1]})",
        lineterm="",
    )
    return "\n".join(lines)


DIGEST_CHARACTERS = 12
"""Enough of a digest to tell two apart by eye."""


def difference_words(row: Difference) -> str:
    """One row on one line: what it is, old → new."""
    label, old, new = difference_parts(row)
    if row.part == "node":
        return f"{label}: {f'{old} → {new}' if old and new else old or new}"
    told = f"{label}  {old} → {new}"
    return f"{told} (no text: {row.reason})" if row.reason else told


def difference_parts(row: Difference) -> tuple[str, str, str]:
    """One row in words: what it is, the old, and the new; empty where a node was not there."""
    if row.part == "node":
        both = row.old is not None and row.new is not None
        kind = "renamed" if both else "new" if row.old is None else "gone"
        return kind, str(row.old or ""), str(row.new or "")
    if row.part == "duration":
        return "duration", _seconds(row.old), _seconds(row.new)
    old, new = (
        "null" if end in row.null else _word(row, value)
        for end, value in (("old", row.old), ("new", row.new))
    )
    label = row.name if row.part in {"configuration", "outcome"} else f"{row.part} {row.name}"
    return label, old, new


def _seconds(value: JsonValue) -> str:
    return "never ran" if value is None else f"{value:.2f} s"


def _word(row: Difference, value: JsonValue) -> str:
    if value is None:
        return "not set" if row.part == "configuration" else "none"
    if isinstance(value, dict) and row.part in {"input", "output"}:
        rows, columns = value["rows"], value["columns"]
        size = ([f"{rows} rows"] if rows is not None else []) + (
            [f"{columns} columns"] if columns is not None else []
        )
        told = str(value["digest"])[:DIGEST_CHARACTERS]
        return f"{told} ({', '.join(size)})" if size else told
    if row.part in {SCRIPT, "module"}:
        return str(value)[:DIGEST_CHARACTERS]
    return value_words(value)
