"""Every class of errors and every code of problems is met by a test beside this one."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import get_args

from tests.support.provoked import code_of

from runthrough import errors
from runthrough.core.values.problems import ProblemCode

HERE = Path(__file__)
OTHER_DOORS: dict[type[errors.RunthroughError], str] = {
    errors.UnknownKeywordError: "options of commands are checked by the parser of commands",
    errors.PipelineDiffersError: "`new` refuses a name that is taken, whatever its pipeline is",
    errors.ScriptNotFoundError: "to a session a script that is nowhere is a problem of its node",
    errors.ArchiveError: "no command tests an inference handler",
    errors.WrongExpectedVersionError: "the handler of commands catches it and decides again",
    errors.UnknownRunError: "no command names a run",
    errors.UnknownAttemptError: "`logs` is of the latest attempt",
    errors.CommandIdReusedError: "commands that are typed make an id of their own",
    errors.OutsideRootsError: "only callers of the service are confined to folders",
}
"""Classes that no command can raise, by construction, each with the reason."""
NEVER_RAISED: dict[type[errors.RunthroughError], str] = {
    errors.RunthroughError: "the root, for those who catch all of them",
}
BEYOND_COMMANDS: dict[str, str] = {
    "ENV_NOT_TEXT": "`--env` takes text, and a pipeline file refuses other values",
    "ARG_NOT_JSON": "`--arg` takes what JSON cannot keep as text",
    "OUTPUT_MISSING": "every door refuses an empty path, or passes over it",
}
"""Codes of problems that no command can bring about, each with the reason."""


def marked_tests() -> Iterator[tuple[ModuleType, str, tuple[object, ...]]]:
    """Each test of this folder that says what it meets, with its module."""
    for file in sorted(HERE.parent.glob("test_*.py")):
        module = importlib.import_module(f"tests.e2e.errors.{file.stem}")
        for name, found in vars(module).items():
            if name.startswith("test_") and hasattr(found, "provokes"):
                yield module, name, found.provokes


def classes_below(kind: type[errors.RunthroughError]) -> Iterator[type[errors.RunthroughError]]:
    """A class and all that derive from it, of those that runthrough itself defines."""
    yield kind
    for derived in kind.__subclasses__():
        if derived.__module__.startswith("runthrough."):
            yield from classes_below(derived)


def kinds(*, other_doors: bool) -> set[object]:
    """What the tests meet: at other doors than the command line, or at the command line."""
    return {
        kind
        for module, _, met in marked_tests()
        for kind in met
        if module.__name__.endswith("other_doors") == other_doors
    }


def test_every_class_of_errors_is_met():
    """A class without a test that provokes it is a class whose words nobody has read."""
    every = set(classes_below(errors.RunthroughError)) - set(NEVER_RAISED)
    at_the_command_line = every - set(OTHER_DOORS)
    assert at_the_command_line - kinds(other_doors=False) == set()
    assert set(OTHER_DOORS) - kinds(other_doors=True) == set()


def test_what_is_listed_as_out_of_reach_is():
    """No class is excused that some command raises after all."""
    assert set(OTHER_DOORS) & kinds(other_doors=False) == set()
    assert set(BEYOND_COMMANDS) & kinds(other_doors=False) == set()


def test_every_problem_is_met():
    """A code without a test that provokes it is a code whose words nobody has read."""
    every = set(get_args(ProblemCode))
    assert every - set(BEYOND_COMMANDS) - kinds(other_doors=False) == set()
    assert set(BEYOND_COMMANDS) - kinds(other_doors=True) == set()


def test_every_kind_is_one():
    """What a test says that it meets is a class of errors, or a code that there is."""
    known = {*get_args(ProblemCode), "USAGE", "OUTPUT", "INTERRUPTED", "INTERNAL"}
    for _, name, met in marked_tests():
        assert all(isinstance(kind, type) or kind in known for kind in met), name
        assert all(code_of(kind) for kind in met), name
