"""Parts of values: attributes, keys, fields and methods."""

import ast
import posixpath
from collections.abc import Iterable, Iterator

from runthrough.adapters.discovery.lookups import computed_lookup
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
    Row,
    Table,
    Thing,
    settled,
)
from runthrough.adapters.discovery.reader import Frame, Reader


def attribute_of(reader: Reader, owner: Meaning, name: str) -> Meaning:
    """The value of `owner.name`."""
    match owner:
        case Imported():
            named = f"{owner.name}.{name}"
            return reader.module(named) or imported(named)
        case LocalModule():
            return owner.frame.variables.get(name) or (
                reader.module(f"{owner.name}.{name}") or UNKNOWN
            )
        case Needs(kind="job_arg"):
            return owner if name == "__dict__" else reader.read(owner, name)
        case Origin() if name == "parent":
            return parent_of(owner)
        case Thing():
            return _field(reader, owner, name)
        case Own(ast.ClassDef()):
            return _class_part(reader, owner, name)
        case Known() if name == "value":
            return owner  # of a member of an enumeration
        case Choice(options):
            return merged(reader, (attribute_of(reader, option, name) for option in options))
    return UNKNOWN


def imported(name: str) -> Meaning:
    """What a dotted name from outside the script stands for."""
    return Needs("environ_var", process=True) if name == "os.environ" else Imported(name)


def merged(reader: Reader, meanings: Iterable[Meaning]) -> Meaning:
    """One of several values; unknown where there is none."""
    first, *others = (*meanings, UNKNOWN)
    for other in others[:-1]:
        first = reader.merge(first, other)
    return first


def parent_of(owner: Origin) -> Meaning:
    """The folder that holds a path, as far as it lies below a need."""
    if not owner.below:
        return UNKNOWN
    return Origin(owner.kind, owner.name, posixpath.dirname(owner.below))


def _field(reader: Reader, thing: Thing, name: str) -> Meaning:
    value = thing.fields.get(name)
    if value is not None:
        return value
    method = method_of(thing.kind, name)
    if method is None:
        return UNKNOWN
    decorators = getattr(method.node, "decorator_list", [])
    names = {decorator.id for decorator in decorators if isinstance(decorator, ast.Name)}
    if "property" in names or "cached_property" in names:
        return reader.call(Bound(method, thing), (), {})
    if "classmethod" in names:
        return Bound(method, thing.kind)
    return method if "staticmethod" in names else Bound(method, thing)


def _class_part(reader: Reader, kind: Own, name: str) -> Meaning:
    """A method or a value of one of the script's classes."""
    method = method_of(kind, name)
    if method is not None:
        decorators = getattr(method.node, "decorator_list", [])
        names = {decorator.id for decorator in decorators if isinstance(decorator, ast.Name)}
        return Bound(method, kind) if "classmethod" in names else method
    for holder in with_parents(kind):
        value = class_values(reader, holder).get(name)
        if value is not None:
            return value
    return UNKNOWN


def class_values(reader: Reader, kind: Own) -> dict[str, Meaning]:
    """What the body of a class gives its names, evaluated where the class stands."""
    outer, reader.frame = reader.frame, Frame(kind.frame)
    for statement in getattr(kind.node, "body", []):
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                reader.frame.variables[name] = reader.value(value)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                reader.frame.variables[name] = reader.value(value)
    values, reader.frame = reader.frame.variables, outer
    return values


def with_parents(kind: Own) -> Iterator[Own]:
    """A class of the script and its own parents, as far as they are the script's."""
    seen: list[ast.AST] = []
    waiting = [kind]
    while waiting:
        each = waiting.pop(0)
        if each.node in seen:
            continue
        seen.append(each.node)
        yield each
        for parent in getattr(each.node, "bases", []):
            found = each.frame.find(parent.id) if isinstance(parent, ast.Name) else None
            if isinstance(found, Own):
                waiting.append(found)


def method_of(kind: Own, name: str) -> Own | None:
    """The function of that name in a class of the script, or in its own parents."""
    for holder in with_parents(kind):
        for statement in getattr(holder.node, "body", []):
            is_function = isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef)
            if is_function and statement.name == name:
                return Own(statement, holder.frame)
    return None


def part_of(reader: Reader, owner: Meaning, key: Meaning) -> Meaning:
    """The value of `owner[key]`."""
    reader.use(owner)
    reader.use(key)
    match owner:
        case Needs():
            return read_key(reader, owner, key)
        case Table():
            wanted = settled(key)
            if isinstance(wanted, Known):
                return owner.find(wanted.value) or UNKNOWN
            return merged(reader, (value for _, value in owner.rows))
        case Row(parts):
            wanted = settled(key)
            if isinstance(wanted, Known) and isinstance(wanted.value, int):
                inside = -len(parts) <= wanted.value < len(parts)
                return parts[wanted.value] if inside else UNKNOWN
            return merged(reader, parts)
        case Many(part):
            return part
        case Choice(options):
            return merged(reader, (part_of(reader, option, key) for option in options))
    return UNKNOWN


def read_key(reader: Reader, needs: Needs, key: Meaning) -> Meaning:
    """The value of `needs[key]`, which the script cannot do without."""
    if isinstance(key, Choice):
        with reader.on(certain=False):
            return merged(reader, [read_key(reader, needs, option) for option in key.options])
    wanted = settled(key)
    if isinstance(wanted, Known) and isinstance(wanted.value, str):
        return reader.read(needs, wanted.value)
    return UNKNOWN if isinstance(key, AnyName) else computed_lookup(reader, needs, wanted)


def lacking_names(wanted: Meaning, there: Meaning) -> Meaning:
    """What is missing of the wanted names in a dictionary of needs."""
    if isinstance(wanted, Row) and isinstance(there, Needs):
        names = (part.value for part in wanted.parts if isinstance(part, Known))
        return Lacking(frozenset((there.kind, name) for name in names if isinstance(name, str)))
    return UNKNOWN
