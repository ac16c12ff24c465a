"""Reads of a need that may go without: `.get`, `getattr`, `os.getenv`, and chains of them."""

import ast
from dataclasses import dataclass, replace

from runthrough.adapters.discovery.meanings import (
    UNKNOWN,
    Choice,
    Imported,
    Known,
    Meaning,
    Needs,
    Origin,
    Pattern,
    either,
    settled,
)
from runthrough.adapters.discovery.reader import Reader
from runthrough.adapters.discovery.sightings import Sight

_METHODS = frozenset({"get", "pop", "setdefault"})
_LOOKING = _METHODS | {"getenv"}


@dataclass(frozen=True, slots=True)
class Lookup:
    """One need looked up under one or more names, with what is taken in its absence."""

    needs: Needs
    names: tuple[str, ...]
    default: ast.expr | None = None
    strict: bool = False
    """Fails where nothing is found."""
    fills: bool = False
    """Leaves its default behind, for later reads."""
    lazy: bool = False
    """The default is worked out only when it is needed."""


def find_lookup(reader: Reader, node: ast.expr) -> Lookup | None:
    """The lookup that an expression is, with a constant name; nothing is noted yet."""
    if isinstance(node, ast.Call):
        lookup = _call(reader, node)
        return None if lookup is None else _chained(reader, lookup)
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
        return _alternatives(reader, node)
    return None


def read_lookup(reader: Reader, lookup: Lookup) -> Meaning:
    """Note what a lookup reads; answers with what it stands for."""
    name, *aliases = lookup.names
    if lookup.default is None:
        lenient: Sight = "looked_for" if lookup.needs.process else "asked_for"
        sight: Sight = "required" if lookup.strict else lenient
        return reader.read(lookup.needs, name, sight, aliases=aliases)
    with reader.on(certain=not lookup.lazy):
        default = reader.value(lookup.default)
    if lookup.fills:
        reader.write((lookup.needs.kind, name))
    if lookup.needs.kind in {"input", "output"} and _is_container_path(default):
        constant = default if isinstance(default, Known) else None
        return reader.read(lookup.needs, name, "fallback", default=constant, aliases=aliases)
    constant = default if isinstance(default, Known) else None
    origin = reader.read(lookup.needs, name, "optional", default=constant, aliases=aliases)
    return either(origin, default) if isinstance(default, Origin | Choice) else origin


def _is_container_path(meaning: Meaning) -> bool:
    if isinstance(meaning, Known):
        return isinstance(meaning.value, str) and meaning.value.startswith("/")
    return isinstance(meaning, Pattern) and meaning.text.startswith("/")


def _call(reader: Reader, node: ast.Call) -> Lookup | None:
    function = node.func
    args = node.args
    if isinstance(function, ast.Attribute):
        if function.attr in _LOOKING and args and _is_plain(function.value):
            return _method(reader, function, node)
    elif isinstance(function, ast.Name) and args:
        called = reader.frame.find(function.id)
        if not isinstance(called, Imported):
            return None
        if called.name == "os.getenv":
            return _lookup(reader, Needs("environ_var", process=True), args, node.keywords)
        if called.name == "getattr" and len(args) > 1 and _is_plain(args[0]):
            owner = reader.value(args[0])
            if isinstance(owner, Needs):
                lookup = _lookup(reader, owner, args[1:], node.keywords)
                strict = lookup is not None and lookup.default is None
                return replace(lookup, strict=True) if lookup and strict else lookup
    return None


def _method(reader: Reader, function: ast.Attribute, node: ast.Call) -> Lookup | None:
    owner = reader.value(function.value)
    if isinstance(owner, Needs) and function.attr in _METHODS:
        lookup = _lookup(reader, owner, node.args, node.keywords)
        if lookup is None or function.attr == "get":
            return lookup
        strict = function.attr == "pop" and lookup.default is None
        return replace(lookup, strict=strict, fills=function.attr == "setdefault")
    if isinstance(owner, Imported) and f"{owner.name}.{function.attr}" == "os.getenv":
        return _lookup(reader, Needs("environ_var", process=True), node.args, node.keywords)
    return None


def _is_plain(node: ast.expr) -> bool:
    """Whether an expression can be looked at twice without noting anything twice."""
    return isinstance(node, ast.Name) or (
        isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    )


def _lookup(
    reader: Reader, needs: Needs, args: list[ast.expr], keywords: list[ast.keyword]
) -> Lookup | None:
    name = settled(reader.value(args[0]))
    if not isinstance(name, Known) or not isinstance(name.value, str):
        return None
    named = next((keyword.value for keyword in keywords if keyword.arg == "default"), None)
    return Lookup(needs, (name.value,), args[1] if len(args) > 1 else named)


def _chained(reader: Reader, lookup: Lookup) -> Lookup:
    """`.get("a", d.get("b"))` on one kind of need is one lookup under two names."""
    inner = None if lookup.default is None else find_lookup(reader, lookup.default)
    if inner is None or inner.strict or inner.needs.kind != lookup.needs.kind:
        return lookup
    return replace(inner, needs=lookup.needs, names=lookup.names + inner.names)


def _alternatives(reader: Reader, node: ast.BoolOp) -> Lookup | None:
    """`d.get("a") or d.get("b") or default`."""
    first, *others = node.values
    lookup = find_lookup(reader, first)
    if lookup is None or lookup.strict:
        return None
    for operand in others:
        other = find_lookup(reader, operand)
        if other is None or other.strict or other.needs.kind != lookup.needs.kind:
            return replace(lookup, default=operand, lazy=True)
        default = other.default if other.default is not None else lookup.default
        lookup = replace(lookup, names=lookup.names + other.names, default=default)
    return lookup


def computed_lookup(reader: Reader, needs: Needs, name: Meaning) -> Meaning:
    """A lookup whose name is put together at run time."""
    wanted = settled(name)
    reader.computed(needs.kind, wanted.text if isinstance(wanted, Pattern) else "")
    return UNKNOWN
