"""Whatever path a confined caller gives, nothing outside is recorded, or asked of an adapter."""

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.support.pipelines import Place
from tests.support.stored import memory_stores
from tests.support.testers import NAME, Studio

from runthrough import PipelineDAG
from runthrough.adapters.confinement import FolderConfinement
from runthrough.adapters.discovery.catalog import StepCatalog
from runthrough.adapters.inspection import LocalInspector
from runthrough.adapters.session_files import LocalSessionFiles
from runthrough.application.answers import Answers
from runthrough.application.session import Session
from runthrough.application.sessions import Sessions
from runthrough.core.pipeline import PipelineDefinition
from runthrough.core.values.ids import RecordedPath
from runthrough.core.values.interpreters import executable
from runthrough.core.values.paths import Roots
from runthrough.core.values.pipelines import NodeDeclaration, PipelineDeclaration
from runthrough.errors import OutsideRootsError, RunthroughError

SOURCE = """
def main(input_paths, output_paths):
    open(output_paths["made"], "w").write(open(input_paths["rows"]).read())
"""
NAMES = (
    *("..", ".", "", "inside", "outside", "insidex", "rows.csv", "scripts", "copy.py", "new"),
    *("out", "file", "own", "loop", "up", "absent", "~", "abs:", "workspace:..", "a\0b", "\ud800"),
    *("ü", "a b", "-", "*", "x" * 300, "\n"),
)
"""Parts of paths: climbing, links of all kinds, and what is no name."""


@dataclass
class Heard:
    """The absolute paths that adapters were asked about."""

    paths: list[str] = field(default_factory=list)


@dataclass
class HearingInspector(LocalInspector):
    """A real inspector that keeps what it is asked."""

    heard: Heard

    def __post_init__(self) -> None:
        super().__init__(probe=lambda _: "3.11.0")

    def look(
        self, paths: Iterable[RecordedPath], *, roots: Roots, digest_up_to: int | None
    ) -> Any:
        """As the real one."""
        asked = list(paths)
        self.heard.paths += map(roots.locate, asked)
        return super().look(asked, roots=roots, digest_up_to=digest_up_to)

    def content(self, path: str, *, secrets: Sequence[str] = ()) -> Any:
        """As the real one."""
        self.heard.paths.append(path)
        return super().content(path, secrets=secrets)

    def interpreter(self, python: str | None, *, roots: Roots) -> Any:
        """As the real one; what counts is the folder that the interpreter lies in."""
        if python is not None:
            self.heard.paths.append(os.path.dirname(executable(python, roots)))  # noqa: PTH120
        return super().interpreter(python, roots=roots)

    def nearby(self, folders: Iterable[str], *, at_most: int) -> tuple[str, ...]:
        """As the real one."""
        asked = list(folders)
        self.heard.paths += asked
        return super().nearby(asked, at_most=at_most)


class HearingCatalog(StepCatalog):
    """A real catalog that keeps what it is asked."""

    def __init__(self, heard: Heard) -> None:
        super().__init__()
        self.heard = heard

    def inspect(self, path: RecordedPath, *, roots: Roots) -> Any:
        """As the real one."""
        self.heard.paths.append(roots.locate(path))
        return super().inspect(path, roots=roots)

    def discover(self, nodes: Sequence[Any], *, pipeline: Any, settings: Any, roots: Roots) -> Any:
        """As the real one."""
        declared = (pipeline.nodes[node].script for node in nodes if node in pipeline.nodes)
        named = [path for path in declared if path is not None]
        asked = (*named, *pipeline.scripts, *settings.workspaces)
        self.heard.paths += map(roots.locate, asked)
        return super().discover(nodes, pipeline=pipeline, settings=settings, roots=roots)


class HearingFiles(LocalSessionFiles):
    """Real session folders that keep what they are asked."""

    def __init__(self, heard: Heard) -> None:
        self.heard = heard

    def text(self, path: str) -> str | None:
        """As the real one."""
        self.heard.paths.append(path)
        return super().text(path)

    def folders_in(self, path: str) -> tuple[str, ...] | None:
        """As the real one."""
        self.heard.paths.append(path)
        return super().folders_in(path)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder inside with links of all kinds, and folders beside it."""
    tmp = tmp_path_factory.mktemp("confined")
    for name in ("inside", "outside", "insidex"):
        (tmp / name / "scripts").mkdir(parents=True)
        (tmp / name / "rows.csv").write_text(name)
        (tmp / name / "scripts/copy.py").write_text(SOURCE)
    inside = tmp / "inside"
    (inside / "out").symlink_to(tmp / "outside")
    (inside / "file").symlink_to("../outside/rows.csv")
    (inside / "own").symlink_to("rows.csv")
    (inside / "loop").symlink_to("loop")
    (inside / "up").symlink_to("..")
    (inside / "absent").symlink_to(tmp / "outside/absent")
    return tmp


def confined(world: Path, heard: Heard) -> Sessions:
    """Sessions of a caller who is confined to the folder inside."""
    inside = str(world / "inside")
    studio = Studio(Place(world / "inside"), memory_stores())
    sessions = studio.sessions(
        confinement=FolderConfinement([inside], cwd="/"),
        inspector=HearingInspector(heard),
        catalog=HearingCatalog(heard),
        files=HearingFiles(heard),
    )
    return Sessions(sessions._ports, sessions._caller, cwd=inside)


def begun(world: Path, heard: Heard) -> Session:
    """A session of one node inside."""
    definition = PipelineDefinition.from_dag(
        PipelineDAG(nodes=["copy"], name="law"), str(world / "inside")
    )
    return confined(world, heard).start(definition, name=NAME)


def recorded(session: Session) -> Iterator[str]:
    """Where all paths lie that a session holds."""
    state = session.state
    for node, there in state.nodes.items():
        paths = list(there.external_outputs.values())
        spec = there.spec or there.draft
        if spec is not None:
            paths += [*spec.input_paths.values(), *spec.output_paths.values()]
            if spec.python is not None:
                python = executable(spec.python, session._roots)
                yield os.path.dirname(python)  # noqa: PTH120 - of a link the folder counts
        if there.script is not None:
            paths.append(there.script.path)
        declared = state.declared(node)
        if declared.script is not None:
            paths.append(declared.script)
        paths += [path for path in declared.inputs.values() if isinstance(path, str)]
        paths += declared.outputs.values()
        yield from map(session.locate, paths)
    yield from map(session.locate, state.pipeline.scripts)
    yield from session._roots.places.values()


def assert_all_inside(world: Path, paths: Iterable[str]) -> None:
    """Each path really leads into the folder inside, told without the code under test."""
    assert [path for path in paths if not lies_inside(world, path)] == []


def lies_inside(world: Path, path: str) -> bool:
    """Whether a path leads into the folder inside; what is no path leads nowhere."""
    inside = (world / "inside").resolve()
    try:
        path.encode("utf-8")
        return (Path("/") / path.lstrip("/")).resolve().is_relative_to(inside)
    except RuntimeError:  # it goes over a link to itself, which no system call follows
        return "/inside/loop" in path
    except ValueError:  # a zero byte, or half of a surrogate pair
        return False


PATHS = st.builds(
    lambda start, parts: start + "/".join(parts),
    st.sampled_from(("", "/", "{tmp}/", "{tmp}/inside/", "{tmp}/outside/", "//", "../")),
    st.lists(st.sampled_from(NAMES) | st.text(max_size=8), max_size=6),
)
DEEDS: dict[str, Callable[[Session, str], object]] = {
    "input": lambda s, p: s.configure("copy", Answers(input_paths={"rows": p}, partial=True)),
    "output": lambda s, p: s.configure("copy", Answers(output_paths={"made": p}, partial=True)),
    "python": lambda s, p: s.configure("copy", Answers(python=p, partial=True)),
    "script": lambda s, p: s.bind("copy", p),
    "external": lambda s, p: s.mark_external("copy", {"made": p}),
    "preview": lambda s, p: s.preview("copy", Answers(input_paths={"rows": p})),
    "workspace": lambda s, p: s.move_home(workspaces=[p]),
    "pipeline": lambda s, p: s.move_home(pipeline=p),
}


@given(path=PATHS, deed=st.sampled_from(sorted(DEEDS)))
@example(path="../outside/rows.csv", deed="input")
@example(path="out/scripts/copy.py", deed="script")
@example(path="../outside", deed="workspace")
@example(path="up/outside/rows.csv", deed="pipeline")
@example(path="/bin/sh", deed="python")
def test_no_answer_leads_out(world, path, deed):
    """An answer is taken and lies inside, or it is refused; nobody looks outside for either."""
    heard = Heard()
    session = begun(world, heard)
    with contextlib.suppress(RunthroughError):
        DEEDS[deed](session, path.replace("{tmp}", str(world)))
    session.refresh()
    session.status()
    session.questions("copy")
    assert_all_inside(world, recorded(session))
    assert_all_inside(world, heard.paths)


@example(path="out/scripts/copy.py", where="script")
@example(path="out", where="scripts")
@example(path="x" * 300, where="scripts")
@example(path="{tmp}/outside", where="workspace")
@given(path=PATHS, where=st.sampled_from(("script", "input", "output", "scripts", "workspace")))
def test_no_pipeline_leads_out(world, path, where):
    """A pipeline and its workspace lie inside, or begin nothing; nobody looks outside."""
    heard, inside = Heard(), str(world / "inside")
    given_path = path.replace("{tmp}", str(world))
    placed = Roots({"pipeline": inside}).record(os.path.join(inside, given_path))  # noqa: PTH118
    node = {
        "script": NodeDeclaration(script=placed),
        "input": NodeDeclaration(inputs={"rows": placed}),
        "output": NodeDeclaration(outputs={"made": placed}),
    }.get(where, NodeDeclaration())
    declared = PipelineDeclaration(
        name="law", nodes={"copy": node}, scripts=(placed,) if where == "scripts" else ()
    )
    workspaces = [os.path.join(inside, given_path)] if where == "workspace" else []  # noqa: PTH118
    definition = PipelineDefinition(declared, inside)
    with contextlib.suppress(RunthroughError):
        session = confined(world, heard).start(definition, name=NAME, workspaces=workspaces)
        assert_all_inside(world, recorded(session))
    assert_all_inside(world, heard.paths)


@given(path=PATHS)
def test_what_is_placed_for_a_door_lies_inside(world, path):
    """A door that reads by itself is given a path inside, and never refused one that is inside."""
    given_path = path.replace("{tmp}", str(world))
    meant = os.path.normpath(os.path.join(world / "inside", given_path))  # noqa: PTH118
    try:
        found = confined(world, Heard()).place(given_path)
    except OutsideRootsError:
        assert not lies_inside(world, meant)
    else:
        assert found == meant
        assert lies_inside(world, found)
