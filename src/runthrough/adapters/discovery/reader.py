"""The state of one reading: frames, the path that leads here, and what was seen on it."""

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from pydantic import JsonValue

from runthrough.adapters.discovery.meanings import (
    UNKNOWN,
    Imported,
    Key,
    Known,
    LocalModule,
    Meaning,
    Needs,
    Origin,
    Own,
    either,
    is_absolute,
    meaning_of,
    options_of,
)
from runthrough.adapters.discovery.sightings import Sight, Sightings
from runthrough.core.values.requirements import RequirementKind
from runthrough.core.values.secrets import secret_name

STEP_LIMIT = 200_000
"""Expressions looked at in one reading: ten for each line of a script of 20,000 lines, some
0.2 s; only calls that fan out reach it."""
DEPTH_LIMIT = 200
"""Expressions inside expressions: people write ten, and Python itself recurses twice for each."""

NOTHING: frozenset[Key] = frozenset()
_NO_MODULES: Mapping[str, ast.Module] = {}

PROCESS_NAMES = frozenset(
    """
    HOME PATH USER LOGNAME SHELL PWD LANG LANGUAGE TZ TMPDIR TMP TEMP TERM HOSTNAME VIRTUAL_ENV
    CI DISPLAY EDITOR NO_COLOR SYSTEMROOT
    """.split()  # noqa: SIM905 - a list of words reads as words
)
"""Variables that a process has from its surroundings; no script asks its user for them."""
PROCESS_PREFIXES = ("LC_", "PYTHON", "XDG_")


class End(IntEnum):
    """How a block of statements ends."""

    FALLS = 0
    """It goes on with what follows."""
    SKIPS = 1
    """`break` or `continue`."""
    LEAVES = 2
    """`return`."""
    RAISES = 3
    """An exception, or an exit with a failure."""


class StepsSpentError(Exception):
    """The reading looked at as many expressions as it may."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What a test tells of needs."""

    verdict: bool | None = None
    """Its result, where it is decided."""
    held: frozenset[Key] = NOTHING
    """Needs that are there where it is true."""
    otherwise: frozenset[Key] = NOTHING
    """Needs that are there where it is false."""
    exists: frozenset[Key] = NOTHING
    """Needs whose path is there where it is true."""
    absent: frozenset[Key] = NOTHING
    """Needs whose path is missing where it is true."""

    def reversed(self) -> "Condition":
        """The condition under `not`."""
        verdict = None if self.verdict is None else not self.verdict
        return Condition(verdict, self.otherwise, self.held, self.absent, self.exists)


@dataclass(frozen=True, slots=True)
class Trail:
    """The path that leads to where the reader is."""

    certain: bool = True
    """Every run that does not fail comes here."""
    present: frozenset[Key] = NOTHING
    """Needs that are known to be there."""
    lacking: frozenset[Key] = NOTHING
    """Needs of which one is known to be missing."""
    excused: bool = False
    """A missing key is caught."""
    telling: bool = False
    """In a text for people: a log line, an exception."""


@dataclass(slots=True)
class Frame:
    """The variables of a module, class or call."""

    outer: "Frame | None" = None
    variables: dict[str, Meaning] = field(default_factory=dict)
    returned: list[Meaning] = field(default_factory=list)
    shared: dict[str, "Frame"] = field(default_factory=dict)
    """Frames of the names that are `global` or `nonlocal`."""
    may_leave: bool = False
    """Some path has returned, under a test that was not decided."""

    def find(self, name: str) -> Meaning:
        """The value of a name: a variable, else a builtin."""
        frame: Frame | None = self
        while frame is not None:
            value = frame.variables.get(name)
            if value is not None:
                return value
            frame = frame.outer
        return Imported(name)


Evaluate = Callable[["Reader", ast.expr], Meaning]
Test = Callable[["Reader", ast.expr], Condition]
Execute = Callable[["Reader", ast.stmt], End]
Call = Callable[["Reader", Meaning, Sequence[Meaning], Mapping[str, Meaning]], Meaning]


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """How each kind of node is read: the reader knows the way, these know Python."""

    expressions: Mapping[type[ast.expr], Evaluate]
    tests: Mapping[type[ast.expr], Test]
    test_of_value: Callable[["Reader", Meaning], Condition]
    statements: Mapping[type[ast.stmt], Execute]
    call: Call


class Reader:
    """Follows the values of one script along its paths and notes which needs it reads.

    Args:
        rules: How each kind of node is read.
        job_args: Arguments as the node gives them; tests on them are decided.
        environ_vars: Variables as the node gives them; only texts decide tests.
        modules: Local modules by the name that the script imports them by.
    """

    def __init__(
        self,
        rules: Rules,
        *,
        job_args: Mapping[str, JsonValue],
        environ_vars: Mapping[str, JsonValue],
        modules: Mapping[str, ast.Module] = _NO_MODULES,
    ) -> None:
        self.sightings = Sightings()
        self.frame = Frame()
        self._home = self.frame
        self._modules = modules
        self._imported: dict[str, LocalModule] = {}
        self.trail = Trail()
        self.calls: list[object] = []
        """The script's own calls that the reader is in, innermost last."""
        self.answers: dict[object, tuple[Meaning, End | None]] = {}
        """What the script's own calls gave, so that equal ones are read once."""
        self.ended: End | None = None
        """Set by a call that does not come back."""
        self.may_exit = False
        """Some path has ended the program well, under a test that was not decided."""
        self._rules = rules
        self._values: dict[Key, Meaning] = {}
        for name, value in job_args.items():
            if secret_name(value) is None:
                self._values["job_arg", name] = meaning_of(value)
        for name, value in environ_vars.items():
            if isinstance(value, str):
                self._values["environ_var", name] = Known(value)
        self._written: set[Key] = set()
        self._steps = 0
        self._depth = 0

    def value(self, node: ast.expr) -> Meaning:
        """What an expression stands for; reads in it are noted.

        Raises:
            StepsSpentError: The reading took too long.
        """
        self._steps += 1
        if self._steps > STEP_LIMIT:
            raise StepsSpentError
        kind = type(node)
        if kind is ast.Name:  # every second expression
            return self.frame.find(node.id)  # type: ignore[attr-defined]  # not narrowed by `is`
        evaluate = self._rules.expressions.get(kind)
        if evaluate is None or self._depth > DEPTH_LIMIT:
            return UNKNOWN
        self._depth += 1
        try:
            return evaluate(self, node)
        finally:
            self._depth -= 1

    def test(self, node: ast.expr) -> Condition:
        """What an expression tells as a test."""
        judge = self._rules.tests.get(type(node))
        return judge(self, node) if judge else self.test_of(self.value(node))

    def test_of(self, meaning: Meaning) -> Condition:
        """What the truth of a value tells."""
        return self._rules.test_of_value(self, meaning)

    def run(self, body: Sequence[ast.stmt]) -> End:
        """Follow statements until one of them ends the block."""
        for statement in body:
            execute = self._rules.statements.get(type(statement))
            end = execute(self, statement) if execute else End.FALLS
            if self.ended is not None:
                end, self.ended = self.ended, None
            if end is not End.FALLS:
                return end
        return End.FALLS

    def call(
        self, function: Meaning, given: Sequence[Meaning], named: Mapping[str, Meaning]
    ) -> Meaning:
        """What a call of one of the script's own functions or classes gives."""
        return self._rules.call(self, function, given, named)

    def read(
        self,
        needs: Needs,
        name: str,
        sight: Sight = "required",
        *,
        default: Known | None = None,
        aliases: Iterable[str] = (),
    ) -> Origin:
        """Note that a need is read here, as strongly as the path that leads here allows."""
        key = (needs.kind, name)
        ambient = name in PROCESS_NAMES or name.startswith(PROCESS_PREFIXES)
        if not (needs.process and ambient):
            self.sightings.see(key, self._weakened(key, sight))
            for alias in aliases:
                self.sightings.alias(key, alias)
            if default is not None:
                self._note_default(key, default.value)
        return Origin(needs.kind, name, "", self._values.get(key))

    def _note_default(self, key: Key, value: object) -> None:
        if value is None or isinstance(value, str | int | float | bool):
            self.sightings.default(key, value)

    def _weakened(self, key: Key, sight: Sight) -> Sight:
        if sight == "optional" or key in self.trail.present or key in self._written:
            return "optional"
        if sight == "required" and self.trail.excused:
            return "optional"
        if sight in {"asked_for", "looked_for"} and self.trail.telling:
            return "optional"
        return sight if self.trail.certain else "conditional"

    def require(self, keys: Iterable[Key]) -> None:
        """The script gives up where these are missing."""
        for kind, name in sorted(keys):
            self.read(Needs(kind), name)

    def set(self, name: str, value: Meaning) -> None:
        """Give a variable its value; one that other frames see may also keep the old one."""
        holder = self.frame.shared.get(name)
        if holder is not None:
            before = holder.variables.get(name)
            both = before is not None and not self.trail.certain
            holder.variables[name] = either(before, value) if before and both else value
        self.frame.variables[name] = value

    def write(self, key: Key) -> None:
        """The script puts a value there itself, here or on another path."""
        self._written.add(key)

    def use(self, meaning: Meaning) -> None:
        """Note a use that fails where a need has no value."""
        if isinstance(meaning, Origin) and meaning.value is None and not meaning.below:
            self.sightings.use(meaning.key)

    def given(self, key: Key) -> bool:
        """Whether the node gives a value for a need."""
        return key in self._values

    def path(self, meaning: Meaning) -> Meaning:
        """Note the path that was put together, unless it is only told."""
        if not self.trail.telling:
            for option in options_of(meaning):
                if isinstance(option, Origin) and option.kind in {"input", "output"}:
                    self.sightings.path(option.key, option.below)
        return meaning

    def merge(self, a: Meaning, b: Meaning) -> Meaning:
        """One value or the other; a path that stands in for a missing one is a fallback."""
        for one, other in ((a, b), (b, a)):
            if isinstance(one, Origin) and not one.below and is_absolute(other):
                self._fall_back(one, other)
        return either(a, b)

    def _fall_back(self, origin: Origin, other: Meaning) -> None:
        if origin.kind in {"input", "output"} and isinstance(other, Known):
            self.sightings.see(origin.key, "fallback" if self.trail.certain else "conditional")
            self.sightings.default(origin.key, str(other.value))

    def on(
        self,
        *,
        certain: bool | None = None,
        present: frozenset[Key] = NOTHING,
        lacking: frozenset[Key] | None = None,
        excused: bool | None = None,
        telling: bool | None = None,
    ) -> "_Way":
        """Go along a path of which more is known, and come back."""
        before = self.trail
        trail = Trail(
            certain=before.certain if certain is None else certain and before.certain,
            present=before.present | present if present else before.present,
            lacking=before.lacking if lacking is None else lacking,
            excused=before.excused if excused is None else excused,
            telling=before.telling if telling is None else telling,
        )
        return _Way(self, trail)

    def go_on(self, *, certain: bool = True, present: frozenset[Key] = NOTHING) -> None:
        """What is known from here on: facts that a branch left behind."""
        self._go(certain=self.trail.certain and certain, present=present)

    def turn(self, *, certain: bool) -> None:
        """A turn of a loop is over: what `continue` left out of it comes again in the next."""
        self._go(certain=certain)

    def _go(self, *, certain: bool, present: frozenset[Key] = NOTHING) -> None:
        before = self.trail
        certain = certain and not self.frame.may_leave and not self.may_exit
        if certain != before.certain or not present <= before.present:
            known = before.present | present
            self.trail = Trail(certain, known, before.lacking, before.excused, before.telling)

    def module(self, name: str) -> LocalModule | None:
        """A local module by the name that the script imports it by; it is run once.

        Only the script's own imports are followed: what its modules import is not.
        """
        tree = self._modules.get(name)
        if tree is None or not self._is_at_home():
            return None
        if name not in self._imported:
            outer, trail, exits = self.frame, self.trail, self.may_exit
            self.frame = Frame(variables={"__name__": Known(name)})
            self._imported[name] = LocalModule(name, self.frame)
            self.run(tree.body)
            self.frame, self.trail, self.may_exit = outer, trail, exits
        return self._imported[name]

    def forget(self) -> None:
        """Let go of the modules: their functions know them, and such circles live long."""
        for frame in (self._home, *(module.frame for module in self._imported.values())):
            frame.variables.clear()

    def _is_at_home(self) -> bool:
        frame = self.frame
        while frame.outer is not None:
            frame = frame.outer
        return frame is self._home

    def own(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda) -> Own:
        """A function or class of the script as a value."""
        return Own(node, self.frame)

    def computed(self, kind: RequirementKind, pattern: str) -> None:
        """Note a key that is put together at run time."""
        self.sightings.computed(kind, pattern.partition("*")[0])


class _Way:
    """A path that the reader goes along inside a `with`; a generator would take twice as long."""

    __slots__ = ("_before", "_reader", "_trail")

    def __init__(self, reader: Reader, trail: Trail) -> None:
        self._reader = reader
        self._trail = trail
        self._before = reader.trail

    def __enter__(self) -> None:
        self._reader.trail = self._trail

    def __exit__(self, *_: object) -> None:
        self._reader.trail = self._before
