"""Finds the contract of a script, and reads it without importing anything."""

import posixpath
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from runthrough.adapters.discovery.contract_shape import Note, Written, needs_of
from runthrough.adapters.discovery.listings import Listing, Listings
from runthrough.adapters.discovery.sources import FaultError, read_script
from runthrough.adapters.discovery.stamps import Remembered
from runthrough.core.values.contracts import ContractFacts
from runthrough.core.values.ids import RecordedPath
from runthrough.core.values.paths import ABSOLUTE, Roots, shown, split
from runthrough.core.values.problems import Place, Problem
from runthrough.core.values.requirements import ScriptRequirements

ENDINGS = (".contract.yaml", ".contract.yml", ".contract.json")
"""Of files that are named after the script."""
FOLDER = "contracts"
"""Folder that is searched for contracts, beside the script and in the folders above it."""
KEPT_FILES = 4096
"""More contracts than a large pipeline has, a few KB each."""


@dataclass(frozen=True, slots=True)
class _Held:
    """The contracts in one file."""

    written: tuple[Written, ...] = ()
    mentions: bytes = b""
    """The text of a module that does not parse: the scripts that it may speak of."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A contract that speaks of the script."""

    path: str
    written: Written


class Contracts:
    """Finds and reads contracts; a file that did not change is read once."""

    def __init__(self, listings: Listings) -> None:
        """Nothing is read yet."""
        self._files = Remembered(_read, limit=KEPT_FILES, holds=listings.holds)
        self._listings = listings

    def of(self, path: RecordedPath, *, roots: Roots) -> ContractFacts | None:
        """What the nearest contract says the script at `path` needs; `None` without one.

        Nearest is a file named after the script beside it, then a Python module beside it, then
        the folders `contracts/` beside it and in each folder above, up to its root. Contracts
        that are equally near and differ are a problem, never a guess.
        """
        try:
            absolute = roots.locate(path)
        except KeyError:
            return None  # this host does not know the root, so nothing is there
        for tier in self._tiers(absolute, _outermost(path, roots)):
            found = list(tier())
            if found:
                return _facts(found, absolute, roots)
        return None

    def _tiers(self, script: str, outermost: str) -> Iterator[Callable[[], Iterable[_Found]]]:
        """Places at the same distance each, nearest first; looked into one after another."""
        folder = posixpath.dirname(script)
        here = self._listings.of(folder)
        yield partial(self._named_files, script, folder, here)
        yield partial(self._named_module, script, folder, here)
        yield partial(self._modules, script, folder, here.contracts)
        while True:
            if FOLDER in here.names:
                there = posixpath.join(folder, FOLDER)
                held = self._listings.of(there)
                yield partial(self._named_files, script, there, held)
                yield partial(self._named_module, script, there, held)
                yield partial(self._modules, script, there, held.modules)
            above = posixpath.dirname(folder)
            if folder in {outermost, above}:
                return
            folder = above
            here = self._listings.of(folder)

    def _named_files(self, script: str, folder: str, listing: Listing) -> Iterator[_Found]:
        for ending in ENDINGS:
            name = _stem(script) + ending
            held = self._held(folder, name) if name in listing.names else _Held()
            for written in held.written:
                yield _Found(posixpath.join(folder, name), _checked(written, script))

    def _named_module(self, script: str, folder: str, listing: Listing) -> Iterator[_Found]:
        name = f"{_stem(script)}_contract.py"
        if name in listing.names:
            held = self._held(folder, name)
            yield from _speaking(posixpath.join(folder, name), held, script, named=True)

    def _modules(self, script: str, folder: str, names: Sequence[str]) -> Iterator[_Found]:
        for name in names:
            path = posixpath.join(folder, name)
            yield from _speaking(path, self._held(folder, name), script, named=False)

    def _held(self, folder: str, name: str) -> _Held:
        return self._files.of(posixpath.join(folder, name)) or _Held()


def _outermost(path: RecordedPath, roots: Roots) -> str:
    """The last folder in whose `contracts/` is looked: the script's root, else the one above."""
    root, _ = split(path)
    if root != ABSOLUTE:
        return posixpath.normpath(roots.places[root])
    return posixpath.dirname(posixpath.dirname(roots.locate(path)))


def _stem(script: str) -> str:
    return posixpath.splitext(posixpath.basename(script))[0]


def _read(path: str) -> _Held:
    """The contracts in a file; what cannot be read is one that says why."""
    text = read_script(path)
    if text is None:
        return _Held()  # a folder, or gone meanwhile
    if text.fault is not None:
        return _Held((Written({}, notes=(Note(text.fault.reason, text.fault.fix),)),))
    if not path.endswith(".py"):
        from runthrough.adapters.discovery.contract_files import (  # noqa: PLC0415 - see there
            read_contract,
        )

        return _Held((read_contract(text.content, path),))
    from runthrough.adapters.discovery.contract_modules import (  # noqa: PLC0415 - rarely met
        contracts_in,
    )

    try:
        return _Held(contracts_in(text.content))
    except FaultError as error:
        fault = error.fault
        spot = None if fault.line is None else (fault.line, fault.column or 1)
        return _Held((Written({}, notes=(Note(fault.reason, fault.fix, spot),)),), text.content)


def _speaking(path: str, held: _Held, script: str, *, named: bool) -> Iterator[_Found]:
    """The contracts of a module that speak of the script."""
    for written in held.written:
        if written.entry_point is not None:
            if _is_of(written.entry_point, script):
                yield _Found(path, written)
        elif named or posixpath.basename(script).encode() in held.mentions:
            yield _Found(path, written)


def _is_of(entry_point: str, script: str) -> bool:
    """Whether an entry point, a file name or the end of a path, is the script."""
    ending = posixpath.normpath(entry_point.strip())
    return ending == script or (not ending.startswith("/") and script.endswith(f"/{ending}"))


def _checked(written: Written, script: str) -> Written:
    """A contract that is named after the script, but may speak of another."""
    named = written.entry_point
    if named is None or _is_of(named, script):
        return written
    file = posixpath.basename(script)
    reason = f"its entry_point is {named}, but it is named after {file}"
    note = Note(reason, f"entry_point: {file}", written.spots.get(("entry_point",)))
    return replace(written, notes=(*written.notes, note))


def _facts(found: Sequence[_Found], script: str, roots: Roots) -> ContractFacts:
    first, *others = found
    needs, notes = needs_of(first.written)
    if any(needs_of(other.written)[0] != needs for other in others):
        return _ambiguous(found, script, roots)
    path = roots.record(first.path)
    return ContractFacts(
        path=path,
        requirements=needs,
        description=first.written.description,
        problems=tuple(_problem(script, note, path) for note in notes),
    )


def _ambiguous(found: Sequence[_Found], script: str, roots: Roots) -> ContractFacts:
    places = [
        f"{shown(roots.record(each.path))}:{each.written.spot[0]}"
        for each in sorted(found, key=lambda each: (each.path, each.written.spot))
    ]
    name = posixpath.basename(script)
    nearer = shown(roots.record(posixpath.splitext(script)[0] + ENDINGS[0]))
    problem = Problem(
        code="CONTRACT_INVALID",
        severity="warning",
        where=Place(node=_stem(script), kind="script"),
        message=f"{len(places)} contracts speak of {name} and differ: {', '.join(places)}",
        fix=f"keep one of them, or write {nearer}, which comes first",
        candidates=tuple(places),
    )
    return ContractFacts(requirements=ScriptRequirements(), problems=(problem,))


def _problem(script: str, note: Note, path: RecordedPath) -> Problem:
    line, column = note.spot or (None, None)
    place = shown(path) if line is None else f"{shown(path)}:{line}:{column}"
    return Problem(
        code="CONTRACT_INVALID",
        severity="warning",
        where=Place(node=_stem(script), kind="script"),
        message=f"the contract {place}: {note.reason}",
        fix=note.fix.replace("{path}", shlex.quote(shown(path))),
    )
