"""The ports of a confined caller: what lies outside is never asked of the ports behind them."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from tests.support.builders import pipeline, script_info

from runthrough.application.allowing import Allowing
from runthrough.application.confined import (
    ConfinedCatalog,
    ConfinedFiles,
    ConfinedInspector,
)
from runthrough.application.ports import UNCONFINED, Catalog, Inspector, SessionFiles
from runthrough.core.values.attempts import ScriptRequest
from runthrough.core.values.facts import ContentFacts, InterpreterFacts, PathFacts
from runthrough.core.values.ids import AttemptId, NodeName, RecordedPath
from runthrough.core.values.metadata import SessionSettings
from runthrough.core.values.paths import Roots
from runthrough.core.values.pipelines import NodeDeclaration
from runthrough.core.values.requirements import ScriptRequirements
from runthrough.core.values.scripts import Discovery
from runthrough.errors import RunnerUnavailableError

ROOTS = Roots({"workspace": "/in", "pipeline": "/in/pipe", "session": "/in/own"})
OUT, IN = "/out/x", "/in/x"
REFUSED = object()
"""Stands for an error, where a call can have no answer."""


class InFolder:
    """Holds what begins with `/in/`; no file system is asked."""

    places = ("/in",)

    def holds(self, path: str) -> bool:
        """Whether the text of a path begins so."""
        return f"{path}/".startswith("/in/")


@dataclass
class Behind:
    """A port that answers everything alike, and keeps what it is asked."""

    answers: Any = None
    asked: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def called(*_: Any, **__: Any) -> Any:
            self.asked.append(name)
            return self.answers

        return called


def script_at(path: str) -> Any:
    """A script at an absolute path."""
    return script_info().model_copy(update={"path": RecordedPath(f"abs:{path}")})


NEEDS = {"roots": ROOTS, "job_args": {}, "environ_vars": {}}
CALLS: dict[tuple[type, str], tuple[Callable[[Any, str], Any], Any]] = {
    (Inspector, "content"): (
        lambda port, path: port.content(path, secrets=("s",)),
        ContentFacts(unchecked="it lies outside of what this service may touch"),
    ),
    (Inspector, "interpreter"): (
        lambda port, path: port.interpreter(f"{path}/python", roots=ROOTS),
        InterpreterFacts(python="/out/x/python"),
    ),
    (Catalog, "inspect"): (
        lambda port, path: port.inspect(RecordedPath(f"abs:{path}"), roots=ROOTS),
        None,
    ),
    (Catalog, "requirements"): (
        lambda port, path: port.requirements(script_at(path), **NEEDS),
        ScriptRequirements(),
    ),
    (Catalog, "contract"): (
        lambda port, path: port.contract(script_at(path), roots=ROOTS),
        None,
    ),
    (SessionFiles, "begin"): (
        lambda port, path: port.begin(path, parents_of=[IN], made=[IN], script=IN),
        REFUSED,
    ),
    (SessionFiles, "text"): (lambda port, path: port.text(path), None),
    (SessionFiles, "folders_in"): (lambda port, path: port.folders_in(path), None),
    (SessionFiles, "result"): (lambda port, path: port.result(path), None),
    (SessionFiles, "cancel"): (lambda port, path: port.cancel(path), REFUSED),
    (SessionFiles, "settled"): (lambda port, path: port.settled(path, here=True), False),
    (SessionFiles, "prune"): (
        lambda port, path: port.prune(path, keep_runs=1, kept=()),
        ("/out/x: it lies outside of what this service may touch",),
    ),
    (SessionFiles, "claimed_ns"): (lambda port, path: port.claimed_ns(path), None),
    (SessionFiles, "log_text"): (lambda port, path: port.log_text(path, last_bytes=1), ""),
    (SessionFiles, "log_part"): (
        lambda port, path: port.log_part(path, after=0, limit=1),
        None,
    ),
}
"""A question about one path to each method of a port, and the answer for a path outside."""
BESIDE = {
    (Inspector, "look"),
    (Inspector, "nearby"),
    (Inspector, "masking"),
    (Catalog, "discover"),
}
"""Methods with a test of their own."""
WRAPPED = {
    Inspector: ConfinedInspector,
    Catalog: ConfinedCatalog,
    SessionFiles: ConfinedFiles,
}


def test_every_method_of_the_ports_is_tested_here():
    """A method that is added to a port is confined as well."""
    methods = {(port, name) for port in WRAPPED for name in vars(port) if not name.startswith("_")}
    assert methods == {*CALLS, *BESIDE}


@pytest.mark.parametrize(("port", "name"), CALLS, ids=lambda one: getattr(one, "__name__", one))
def test_outside_nothing_is_asked_and_inside_everything(port, name):
    """A path outside is answered as what is not there; one inside is passed on."""
    ask, nothing = CALLS[port, name]
    behind = Behind(answers="found")
    wrapped = WRAPPED[port](behind, InFolder())
    if nothing is REFUSED:
        with pytest.raises(RunnerUnavailableError, match="lies outside of what this service"):
            ask(wrapped, OUT)
    else:
        assert ask(wrapped, OUT) == nothing
    assert behind.asked == []
    assert ask(wrapped, IN) == (None if nothing is REFUSED else "found")
    assert behind.asked == [name]


@pytest.mark.parametrize("what", ["parents_of", "made", "script"])
def test_nothing_is_made_where_a_part_of_an_attempt_lies_outside(what):
    """An attempt's folder inside does not let it write an output elsewhere."""
    behind = Behind()
    given = {"parents_of": [IN], "made": [IN], "script": IN}
    given[what] = OUT if what == "script" else [IN, OUT]
    with pytest.raises(RunnerUnavailableError):
        ConfinedFiles(behind, InFolder()).begin(IN, **given)
    assert behind.asked == []


class Discovering(Behind):
    """A catalog that keeps which nodes it looks for, and where."""

    def discover(self, nodes: Any, *, pipeline: Any, settings: Any, roots: Roots) -> Any:
        """Nothing is found."""
        self.asked += [*nodes, *pipeline.scripts, *settings.workspaces]
        return {node: Discovery(None) for node in nodes}


def test_only_what_the_pipeline_names_inside_is_looked_for():
    """Neither a node's own script, nor one of the registry, nor a folder leads out."""
    named = {
        "own": NodeDeclaration(script=RecordedPath("abs:/out/own.py")),
        "listed": NodeDeclaration(),
        "Listed_training": NodeDeclaration(),
        "free": NodeDeclaration(),
    }
    declared = pipeline(**named).model_copy(
        update={
            "registry": {
                "listed": RecordedPath("abs:/out/listed.py"),
                "Listed": RecordedPath("abs:/out/listed.py"),
            },
            "scripts": (RecordedPath("pipeline:s"), RecordedPath("pipeline:../../out")),
        }
    )
    settings = SessionSettings(workspaces=(RecordedPath("workspace:."), RecordedPath("abs:/out")))
    behind = Discovering()
    found = ConfinedCatalog(behind, InFolder()).discover(
        [NodeName(node) for node in named], pipeline=declared, settings=settings, roots=ROOTS
    )
    assert behind.asked == ["free", "pipeline:s", "workspace:."]
    assert found == dict.fromkeys(named, Discovery(None))


class Seeing(Behind):
    """An inspector that keeps the paths which it is to look at."""

    def look(self, paths: Any, *, roots: Roots, digest_up_to: int | None) -> Any:
        """A file at each."""
        self.asked += paths
        return {path: PathFacts(path=path, kind="file") for path in paths}

    def nearby(self, folders: Any, *, at_most: int) -> tuple[str, ...]:
        """One file in each, and a link out."""
        self.asked += folders
        return ("/in/a", "/out/b")


def test_a_look_at_many_paths_is_a_look_at_those_inside():
    """Each path has its facts; outside nothing is there, and nothing can be made."""
    inside, outside = RecordedPath("workspace:a"), RecordedPath("workspace:../out/a")
    behind = Seeing()
    found = ConfinedInspector(behind, InFolder()).look(
        (outside, inside, outside), roots=ROOTS, digest_up_to=None
    )
    assert behind.asked == [inside]
    assert found == {
        outside: PathFacts(path=outside, writable=False),
        inside: PathFacts(path=inside, kind="file"),
    }


def test_nearby_is_inside():
    """Neither a folder outside is looked through, nor is a link out of one inside offered."""
    behind = Seeing()
    wrapped = ConfinedInspector(behind, InFolder())
    assert wrapped.nearby(["/in", "/out"], at_most=9) == ("/in/a",)
    assert behind.asked == ["/in"]


def test_secrets_are_masked_as_ever():
    """What concerns no path goes through."""
    behind = Behind(answers="mask")
    assert ConfinedInspector(behind, InFolder()).masking(("s",)) == "mask"


ALLOWING = Allowing(InFolder(), ROOTS)


@pytest.mark.parametrize(
    ("python", "held"),
    [
        (None, True),
        ("/in/env/bin/python", True),
        ("env/bin/python", True),
        ("workspace:env/bin/python", True),
        ("python3", False),
        ("/usr/bin/python3", False),
        ("../../out/python", False),
        ("/in/../out/python", False),
        ("workspace:../out/python", False),
        ("workspace7:env/bin/python", False),
    ],
)
def test_which_interpreters_may_be_started(python, held):
    """The tester's own, and those in the folders; a command of PATH is in none of them."""
    assert ALLOWING.holds_python(python) is held
    assert Allowing(UNCONFINED, ROOTS).holds_python(python)


def test_a_root_that_nobody_knows_here_leads_nowhere():
    """A path of an ancestor that ran elsewhere keeps nothing from running here."""
    assert ALLOWING.holds(RecordedPath("session@0190:runs/x"))


REQUEST = ScriptRequest(
    node=NodeName("n"),
    attempt=AttemptId("a"),
    script=IN,
    package_root="/in",
    module="x",
    folder=IN,
    input_paths={"rows": IN},
    output_paths={"made": IN},
    environ_vars={},
    job_args={},
    made=(IN,),
)


@pytest.mark.parametrize(
    ("part", "whose"),
    [
        ({"script": OUT}, "its script"),
        ({"package_root": "/"}, "the folder that it is imported from"),
        ({"folder": OUT}, "its attempt's folder"),
        ({"input_paths": {"rows": OUT}}, "input rows"),
        ({"output_paths": {"made": OUT}}, "output made"),
        ({"made": (IN, OUT)}, "the folder /out/x"),
        ({"python": "/usr/bin/python3"}, "its interpreter"),
        ({"python": "python3"}, "its interpreter"),
    ],
)
def test_an_attempt_with_a_part_outside_may_not_start(part, whose):
    """Every path of a request is looked at once more before a script starts."""
    told = ALLOWING.refuse_request(replace(REQUEST, **part))
    assert told is not None
    assert told.startswith(f"{whose} lies outside of what this service may touch; ")
    assert Allowing(UNCONFINED, ROOTS).refuse_request(replace(REQUEST, **part)) is None


def test_an_attempt_inside_may_start():
    """Nothing is in its way."""
    assert ALLOWING.refuse_request(REQUEST) is None
