"""What calls give: paths, texts, lists, dictionaries of needs, the script's own functions."""

import ast
import posixpath
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from runthrough.adapters.discovery.lookups import computed_lookup, find_lookup, read_lookup
from runthrough.adapters.discovery.meanings import (
    UNKNOWN,
    AnyName,
    Bound,
    Choice,
    Imported,
    Known,
    Lacking,
    LocalModule,
    Many,
    Meaning,
    Needs,
    Origin,
    Own,
    Pairs,
    Pattern,
    Row,
    Table,
    Thing,
    joined,
    settled,
    text_meaning,
    text_of,
)
from runthrough.adapters.discovery.members import attribute_of, lacking_names, merged, parent_of
from runthrough.adapters.discovery.own_calls import call_unseen
from runthrough.adapters.discovery.reader import End, Evaluate, Reader

LOG_METHODS = frozenset(
    {"debug", "info", "warning", "warn", "error", "exception", "critical", "log"}
)
EXITS = frozenset({"sys.exit", "exit", "quit", "os._exit", "os.abort"})

Given = Sequence[Meaning]
Named = Mapping[str, Meaning]


def is_telling(node: ast.expr) -> bool:
    """Whether a call only tells people something."""
    if not isinstance(node, ast.Call):
        return False
    function = node.func
    if isinstance(function, ast.Attribute):
        return function.attr in LOG_METHODS
    return isinstance(function, ast.Name) and function.id == "print"


def _call(reader: Reader, node: ast.expr) -> Meaning:
    node = cast("ast.Call", node)
    if is_telling(node):
        with reader.on(telling=True):
            return _plain_call(reader, node)
    return _plain_call(reader, node)


def _plain_call(reader: Reader, node: ast.Call) -> Meaning:
    lookup = find_lookup(reader, node)
    if lookup is not None:
        return read_lookup(reader, lookup)
    if isinstance(node.func, ast.Attribute):
        owner = reader.value(node.func.value)
        given, named = _arguments(reader, node)
        return method_call(reader, owner, node.func.attr, given, named)
    function = reader.value(node.func)
    given, named = _arguments(reader, node)
    return _function_call(reader, function, given, named)


def _arguments(reader: Reader, node: ast.Call) -> tuple[list[Meaning], dict[str, Meaning]]:
    given: list[Meaning] = []
    for argument in node.args:
        value = reader.value(argument)
        if isinstance(argument, ast.Starred):
            given += value.parts if isinstance(value, Row) else ()
        else:
            given.append(value)
    named: dict[str, Meaning] = {}
    for keyword in node.keywords:
        value = reader.value(keyword.value)
        if keyword.arg is not None:
            named[keyword.arg] = value
        elif isinstance(value, Table):
            named |= {str(key): part for key, part in value.rows}
    return given, named


def _function_call(reader: Reader, function: Meaning, given: Given, named: Named) -> Meaning:
    match function:
        case Own() | Bound():
            return reader.call(function, given, named)
        case Imported(name):
            return _imported_call(reader, name, given, named)
    call_unseen(reader, (*given, *named.values()))
    return UNKNOWN


def method_call(reader: Reader, owner: Meaning, name: str, given: Given, named: Named) -> Meaning:
    """What `owner.name(...)` gives."""
    match owner:
        case Needs():
            return _needs_method(reader, owner, name, given)
        case Imported():
            return _function_call(reader, attribute_of(reader, owner, name), given, named)
        case Origin(value=None):
            return _path_method(reader, owner, name, given)
        case Thing() | Own() | LocalModule():
            return _function_call(reader, attribute_of(reader, owner, name), given, named)
        case Choice(options):
            each = (method_call(reader, option, name, given, named) for option in options)
            return merged(reader, each)
        case Table():
            return _table_method(owner, name, given)
        case Row() if name in {"append", "copy"}:
            return owner
        case Row() | Lacking() if name == "difference" and given:
            return lacking_names(owner, given[0])
    reader.use(owner)
    call_unseen(reader, (*given, *named.values()))
    return _text_method(settled(owner), name, given)


def _needs_method(reader: Reader, needs: Needs, name: str, given: Given) -> Meaning:
    if name in {"copy", "keys", "__copy__"}:
        return needs
    if name == "items":
        return Pairs(needs)
    if name == "values":
        reader.sightings.loop(needs.kind, told=reader.trail.telling)
        return Many(UNKNOWN)
    if name in {"get", "pop", "setdefault", "__getitem__"} and given:
        wanted = settled(given[0])
        if name == "__getitem__" and isinstance(wanted, Known):
            return reader.read(needs, str(wanted.value))
        return UNKNOWN if isinstance(wanted, AnyName) else computed_lookup(reader, needs, wanted)
    if name == "update" and given and isinstance(given[0], Table):
        for key, _ in given[0].rows:
            reader.write((needs.kind, str(key)))
    return UNKNOWN


def _path_method(reader: Reader, path: Origin, name: str, given: Given) -> Meaning:
    reader.use(path)
    if name in {"joinpath", "__truediv__"}:
        return reader.path(_joined(path, given))
    if name in {"glob", "rglob"} and given:
        pattern = text_of(given[0])
        below = pattern if name == "glob" else f"**/{pattern}"
        return Many(reader.path(joined(path, text_meaning(below))))
    if name == "iterdir":
        return Many(joined(path, Pattern("*")))
    if name in {"with_suffix", "with_name", "with_stem"} and given:
        return reader.path(_renamed(path, name, text_of(given[0])))
    if name in {"resolve", "absolute", "expanduser", "as_posix", "strip", "rstrip", "__str__"}:
        return path
    return UNKNOWN


def _renamed(path: Origin, how: str, new: str) -> Meaning:
    if not path.below:
        return UNKNOWN
    folder, file = posixpath.split(path.below)
    stem, ending = posixpath.splitext(file)
    names = {"with_suffix": stem + new, "with_name": new, "with_stem": new + ending}
    return Origin(path.kind, path.name, posixpath.join(folder, names[how]))


def _table_method(table: Table, name: str, given: Given) -> Meaning:
    if name in {"get", "pop"} and given:
        wanted = settled(given[0])
        if isinstance(wanted, Known):
            default = given[1] if len(given) > 1 else Known(None)
            return table.find(wanted.value) or default
    if name == "items":
        return Row(tuple(Row((Known(key), value)) for key, value in table.rows))
    if name == "keys":
        return Row(tuple(Known(key) for key, _ in table.rows))
    if name == "values":
        return Row(tuple(value for _, value in table.rows))
    return table if name == "copy" else UNKNOWN


_TEXT_METHODS: Mapping[str, Callable[[str], str]] = {
    "lower": str.lower,
    "upper": str.upper,
    "strip": str.strip,
    "casefold": str.casefold,
    "title": str.title,
    "capitalize": str.capitalize,
}


def _text_method(text: Meaning, name: str, given: Given) -> Meaning:
    if not isinstance(text, Known) or not isinstance(text.value, str):
        return UNKNOWN
    if name in _TEXT_METHODS and not given:
        return Known(_TEXT_METHODS[name](text.value))
    if name == "split" and len(given) <= 1:
        separator = settled(given[0]) if given else Known(None)
        if isinstance(separator, Known) and (separator.value is None or separator.value):
            mark = separator.value
            parts = text.value.split(mark if isinstance(mark, str) else None)
            return Row(tuple(Known(part) for part in parts))
    return UNKNOWN


def _joined(first: Meaning, others: Given) -> Meaning:
    for other in others:
        first = joined(first, other)
    return first


def _imported_call(reader: Reader, name: str, given: Given, named: Named) -> Meaning:
    if name in EXITS:
        _exit(reader, settled(given[0]) if given else Known(None))
        return UNKNOWN
    give = _FUNCTIONS.get(name)
    if give is not None and (given or name == "dict"):
        return give(reader, given, named)
    call_unseen(reader, (*given, *named.values()))
    return UNKNOWN


def _exit(reader: Reader, code: Meaning) -> None:
    """An exit without a failure ends the program as a return ends a function."""
    well = isinstance(code, Known) and code.value in {None, 0}
    reader.ended = End.LEAVES if well else End.RAISES
    if well:
        reader.may_exit = True


def _path(reader: Reader, given: Given, _: Named) -> Meaning:
    for part in given:
        reader.use(part)
    path = _joined(given[0], given[1:])
    return reader.path(path) if len(given) > 1 else path


def _same(_: Reader, given: Given, __: Named) -> Meaning:
    return given[0]


def _sequence(_: Reader, given: Given, __: Named) -> Meaning:
    value = given[0]
    return Row(tuple(Known(key) for key, _ in value.rows)) if isinstance(value, Table) else value


def _dict(_: Reader, given: Given, named: Named) -> Meaning:
    rows: tuple[tuple[object, Meaning], ...] = tuple(named.items())
    if not given:
        return Table(rows)
    if isinstance(given[0], Table):
        return Table(given[0].rows + rows)
    return given[0] if isinstance(given[0], Needs) else UNKNOWN


def _glob(reader: Reader, given: Given, _: Named) -> Meaning:
    return Many(reader.path(given[0]))


def _folder(_: Reader, given: Given, __: Named) -> Meaning:
    return parent_of(given[0]) if isinstance(given[0], Origin) else UNKNOWN


def _numbered(_: Reader, given: Given, __: Named) -> Meaning:
    value = given[0]
    if isinstance(value, Row):
        return Row(tuple(Row((Known(at), part)) for at, part in enumerate(value.parts)))
    return UNKNOWN


def _zipped(_: Reader, given: Given, __: Named) -> Meaning:
    rows = [value.parts for value in given if isinstance(value, Row)]
    if len(rows) == len(given):
        return Row(tuple(Row(parts) for parts in zip(*rows, strict=False)))
    return UNKNOWN


def _number(convert: Callable[[str], object]) -> "Give":
    def give(reader: Reader, given: Given, _: Named) -> Meaning:
        reader.use(given[0])
        value = settled(given[0])
        if not isinstance(value, Known):
            return UNKNOWN
        try:
            return Known(convert(str(value.value)))
        except (ValueError, OverflowError):
            return UNKNOWN  # the script will fail there; its needs stay what they are

    return give


def _get_attribute(reader: Reader, given: Given, _: Named) -> Meaning:
    owner, *rest = given
    wanted = settled(rest[0]) if rest else UNKNOWN
    if isinstance(owner, Needs) and not isinstance(wanted, Known):
        return UNKNOWN if isinstance(wanted, AnyName) else computed_lookup(reader, owner, wanted)
    return attribute_of(reader, owner, text_of(wanted))


def _environment(reader: Reader, given: Given, _: Named) -> Meaning:
    wanted = settled(given[0])
    if isinstance(wanted, AnyName):
        return UNKNOWN
    return computed_lookup(reader, Needs("environ_var", process=True), wanted)


Give = Callable[[Reader, Given, Named], Meaning]

_FUNCTIONS: Mapping[str, Give] = {
    **dict.fromkeys(
        ("os.path.join", "pathlib.Path", "pathlib.PurePath", "pathlib.PosixPath"), _path
    ),
    **dict.fromkeys(
        (
            "str",
            "os.fspath",
            "os.path.abspath",
            "os.path.realpath",
            "os.path.normpath",
            "os.path.expanduser",
            "os.path.expandvars",
            "copy.copy",
            "copy.deepcopy",
            "vars",
        ),
        _same,
    ),
    **dict.fromkeys(
        ("sorted", "list", "tuple", "set", "frozenset", "reversed", "iter"), _sequence
    ),
    "dict": _dict,
    "glob.glob": _glob,
    "glob.iglob": _glob,
    "os.path.dirname": _folder,
    "enumerate": _numbered,
    "zip": _zipped,
    "int": _number(int),
    "float": _number(float),
    "getattr": _get_attribute,
    "os.getenv": _environment,
}

CALLS: Mapping[type[ast.expr], Evaluate] = {ast.Call: _call}
"""How calls are read."""
