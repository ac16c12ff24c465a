"""A caller who is confined to some folders: what lies outside is neither taken nor looked at."""

import dataclasses
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.support.desk import shop
from tests.support.pipelines import Place
from tests.support.stored import memory_stores
from tests.support.testers import NAME, Studio, outcomes

from runthrough.adapters.confinement import FolderConfinement
from runthrough.adapters.discovery.catalog import StepCatalog
from runthrough.adapters.inspection import LocalInspector
from runthrough.adapters.pipeline_files import load_pipeline
from runthrough.adapters.runners.interpreters import python_version
from runthrough.application.answers import Answers
from runthrough.application.session import Session
from runthrough.application.sessions import Sessions
from runthrough.bootstrap import wire
from runthrough.core.values.ids import RecordedPath
from runthrough.core.values.paths import Roots
from runthrough.core.views.questions import Question
from runthrough.errors import NotAtHomeError, OutsideRootsError, SessionError, SettingError

COPY = """
import shutil

def main(input_paths, output_paths, environ_vars, job_args):
    shutil.copy(input_paths["rows"], output_paths["rows"])
"""
PIPELINE = """
name: copies
nodes:
  copy: {}
  again: {}
edges:
  - [copy, again]
"""


@dataclass
class Vault:
    """A folder that a service may touch, beside one that it may not."""

    tmp: Path
    studio: Studio

    @property
    def inside(self) -> Path:
        """The folder that may be touched."""
        return self.tmp / "inside"

    @property
    def outside(self) -> Path:
        """The folder that may not be."""
        return self.tmp / "outside"

    @property
    def pipeline(self) -> Path:
        """The pipeline file, inside."""
        return self.inside / "pipeline.yml"

    def confined(self, **other: Any) -> Sessions:
        """The sessions as a confined caller has them."""
        allowed = FolderConfinement([str(self.inside)], cwd="/")
        real = {
            "catalog": StepCatalog(holds=allowed.holds),
            "inspector": LocalInspector(probe=python_version, holds=allowed.holds),
        }
        sessions = self.studio.sessions("guest", confinement=allowed, **{**real, **other})
        return Sessions(sessions._ports, sessions._caller, cwd=str(self.inside))

    def begin(self, sessions: Sessions | None = None, **how: Any) -> Session:
        """A session of the pipeline, begun by a confined caller unless others are given."""
        definition = load_pipeline(self.pipeline)
        return (sessions or self.confined()).start(definition, name=NAME, **how)

    def written(self) -> str:
        """All that the log holds, as text."""
        entries = self.studio.stores.directory.sessions()
        return "\n".join(
            stored.event.model_dump_json()
            for entry in entries
            for stored in self.studio.stores.events.read(entry.session_id)
        )


@pytest.fixture
def vault(tmp_path) -> Vault:
    """Two scripts and their input inside, and much to be curious about outside."""
    studio = Studio(Place(tmp_path / "inside"), memory_stores())
    made = Vault(tmp_path, studio)
    for name in ("inside", "outside"):
        folder = tmp_path / name
        (folder / "scripts").mkdir(parents=True)
        (folder / "rows.csv").write_text(f"name\n{name}\n")
    for name in ("copy", "again"):
        (made.inside / f"scripts/{name}.py").write_text(COPY)
    (made.outside / "scripts/leaked.py").write_text("def main(input_paths, top_secret): pass")
    made.pipeline.write_text(PIPELINE)
    return made


@pytest.fixture(params=["absolute", "climbing", "linked", "behind a linked folder"])
def outside_path(request, vault) -> str:
    """A path that leads to the file outside."""
    (vault.inside / "linked.csv").symlink_to(vault.outside / "rows.csv")
    (vault.inside / "folder").symlink_to(vault.outside)
    return {
        "absolute": str(vault.outside / "rows.csv"),
        "climbing": "../outside/rows.csv",
        "linked": "linked.csv",
        "behind a linked folder": str(vault.inside / "folder/rows.csv"),
    }[request.param]


def test_an_answer_that_leads_out_is_refused(vault, outside_path):
    """Input, output, script and provided path: each tells what was given, and nothing is kept."""
    session = vault.begin()
    before = session.version
    for answer in (
        lambda: session.configure("copy", Answers(input_paths={"rows": outside_path})),
        lambda: session.preview("copy", Answers(output_paths={"rows": outside_path})),
        lambda: session.configure("copy", Answers(output_paths={"rows": outside_path})),
        lambda: session.bind("copy", outside_path),
        lambda: session.mark_external("copy", {"rows": outside_path}),
    ):
        with pytest.raises(OutsideRootsError) as told:
            answer()
        assert told.value.code == "OUTSIDE_ROOTS"
        assert repr(outside_path) in told.value.message
        assert str(vault.inside) in told.value.message
        assert "runthrough serve --root DIR" in told.value.fix
    session.refresh()
    assert session.version == before
    assert "outside" not in vault.written()


def test_a_refusal_does_not_tell_what_is_there(vault):
    """What is there and what is not are refused in the same words, and a link keeps its end."""
    session = vault.begin()
    told = []
    (vault.inside / "end").symlink_to(vault.outside / "rows.csv")
    for given in ("../outside/rows.csv", "../outside/what.csv", "end"):
        with pytest.raises(OutsideRootsError) as refusal:
            session.configure("copy", Answers(input_paths={"rows": given}))
        told.append(refusal.value.message.replace(given, "PATH"))
    assert len(set(told)) == 1
    assert str(vault.outside) not in told[0]


def test_what_lies_inside_is_taken_and_runs(vault):
    """The whole job goes on inside: answered by a relative and an absolute path, and run."""
    session = vault.begin()
    session.configure("copy", Answers(input_paths={"rows": "rows.csv"}))
    session.connect("copy.rows", "again.rows")
    assert outcomes(session.run()) == {"copy": "passed", "again": "passed"}
    session.configure("copy", Answers(input_paths={"rows": str(vault.inside / "rows.csv")}))
    assert session.log_texts("copy") == ("", "")
    assert session.questions("copy") == ()


def test_an_interpreter_lies_inside_or_is_the_testers_own(vault):
    """One elsewhere, and a command of PATH, are refused; a virtual environment inside is not."""
    session = vault.begin()
    for python in (sys.executable, "python3", "../outside/python", "/bin/sh"):
        with pytest.raises(OutsideRootsError, match="The interpreter"):
            session.configure("copy", Answers(python=python, partial=True))
    (vault.inside / "env/bin").mkdir(parents=True)
    (vault.inside / "env/bin/python").symlink_to(sys.executable)
    answers = Answers(input_paths={"rows": "rows.csv"}, python="env/bin/python")
    session.configure("copy", answers)
    assert outcomes(session.run(["copy"])) == {"copy": "passed"}


@pytest.mark.parametrize(
    ("node", "whose"),
    [
        ("{script: ../outside/scripts/leaked.py}", "The script of copy"),
        ("{inputs: {rows: ../outside/rows.csv}}", "Input rows of copy"),
        ("{outputs: {rows: /outside/rows.csv}}", "Output rows of copy"),
        ("{external: true, outputs: {rows: ../outside/rows.csv}}", "Output rows of copy"),
        ("{python: /usr/bin/python3}", "The interpreter of copy"),
    ],
)
def test_a_pipeline_that_names_what_lies_outside_begins_nothing(vault, node, whose):
    """Neither a session nor an update takes it, and nothing is recorded or looked at."""
    usual = vault.begin()
    vault.pipeline.write_text(PIPELINE.replace("copy: {}", f"copy: {node}"))
    definition = load_pipeline(vault.pipeline)
    for act in (
        lambda: vault.confined().start(definition, name="other"),
        lambda: usual.update(definition),
    ):
        with pytest.raises(OutsideRootsError) as told:
            act()
        assert told.value.message.startswith(whose)
    assert [entry.name for entry in vault.studio.stores.directory.sessions()] == [NAME]
    assert "outside" not in vault.written()


@pytest.mark.parametrize(
    ("top", "whose"),
    [
        ("scripts: [../outside/scripts]", "The folder of scripts"),
        ("python: /usr/bin/python3", "The pipeline's interpreter"),
        ("registry: {copy: ../outside/scripts/leaked.py}", "The registered script of copy"),
    ],
)
def test_what_a_pipeline_says_of_all_nodes_stays_inside(vault, top, whose):
    """Folders of scripts, the registry and the interpreter count as well."""
    vault.pipeline.write_text(f"{PIPELINE}{top}\n")
    with pytest.raises(OutsideRootsError) as told:
        vault.begin()
    assert told.value.message.startswith(whose)


def test_the_folders_of_a_new_session_lie_inside(vault):
    """Its workspaces, where it writes, and the folder of its pipeline file."""
    for how, whose in (
        ({"workspaces": [str(vault.outside)]}, "The workspace"),
        ({"workspaces": [str(vault.inside), str(vault.inside / "..")]}, "The workspace"),
        ({"kept_in": str(vault.outside)}, "The folder that the session keeps"),
    ):
        with pytest.raises(OutsideRootsError, match=whose) as told:
            vault.begin(**how)
        assert told.value.path in [*how.get("workspaces", ()), how.get("kept_in")]
    vault.pipeline.rename(vault.outside / "pipeline.yml")
    definition = load_pipeline(vault.outside / "pipeline.yml")
    with pytest.raises(OutsideRootsError, match="The pipeline's folder"):
        vault.confined().start(definition)
    assert not vault.studio.stores.directory.sessions()


def test_a_path_for_a_door_to_read_is_asked_for_first(vault, outside_path):
    """What a door is to open by itself is placed by the sessions, or refused."""
    sessions = vault.confined()
    assert sessions.place("pipeline.yml") == str(vault.pipeline)
    assert sessions.place(str(vault.pipeline)) == str(vault.pipeline)
    with pytest.raises(OutsideRootsError, match="The pipeline file"):
        sessions.place(outside_path, "The pipeline file")


def test_what_others_configured_outside_is_shown_and_not_looked_at(vault):
    """Values of another door stay; the node is not judged by its files, and does not run here."""
    at_home = vault.begin(vault.studio.sessions())
    at_home.configure("copy", Answers(input_paths={"rows": str(vault.outside / "rows.csv")}))
    at_home.connect("copy.rows", "again.rows")
    (vault.outside / "rows.csv").unlink()
    session = vault.confined().open(NAME)
    assert session.at_home
    session.resume()
    view = session.status()["nodes"]["copy"]
    assert view["state"] == "configured"
    (told,) = (p for p in session.check("copy") if p.code == "NOT_CHECKED_HERE")
    assert "outside of what this service may touch" in told.message
    assert told.fix == "runthrough serve --root DIR"
    before = session.version
    with pytest.raises(OutsideRootsError, match="copy cannot run here"):
        session.run()
    assert "ScriptStarted" not in {row.type for row in session.history()[before:]}
    session.configure("copy", Answers(input_paths={"rows": "rows.csv"}))
    assert outcomes(session.run()) == {"copy": "passed", "again": "passed"}


def test_a_node_that_reads_what_another_one_left_outside_does_not_run(vault):
    """An output that went outside by another door feeds nothing here."""
    at_home = vault.begin(vault.studio.sessions())
    answers = {"rows": str(vault.inside / "rows.csv")}
    at_home.configure("copy", Answers(input_paths=answers))
    at_home.configure("copy", Answers(output_paths={"rows": str(vault.outside / "made.csv")}))
    at_home.connect("copy.rows", "again.rows")
    assert outcomes(at_home.run(["copy"])) == {"copy": "passed"}
    session = vault.confined().open(NAME)
    assert outcomes(session.run(["again"])) == {"again": "failed"}
    last = session.state.nodes["again"].last
    assert last is not None
    assert last.error.message == (
        "input rows lies outside of what this service may touch; "
        "runthrough serve --root DIR lets it use another folder"
    )
    with pytest.raises(OutsideRootsError, match="copy cannot run here"):
        session.run(["copy"])
    inside = str(vault.inside / "made.csv")
    session.configure("copy", Answers(output_paths={"rows": inside}, partial=True))
    assert outcomes(session.run()) == {"copy": "passed", "again": "passed"}


def test_a_session_that_lives_outside_is_shown_from_the_log(vault):
    """It is read and configured; what needs its files is refused in words that fit."""
    (vault.outside / "scripts/copy.py").write_text(COPY)
    at_home = vault.studio.sessions().start(
        load_pipeline(vault.pipeline), name=NAME, workspaces=[str(vault.outside)]
    )
    at_home.configure("copy", Answers(input_paths={"rows": str(vault.outside / "rows.csv")}))
    at_home.run(["copy"])
    session = vault.confined().open(NAME)
    view = session.status()
    assert (view["at_home"], view["paths_not_looked_at"] > 0) == (False, True)
    assert session.away_words == (
        "a folder of the session lies outside of what this service may touch"
    )
    assert view["nodes"]["copy"]["state"] == "executed"
    session.configure("copy", Answers(user_notes="seen", partial=True))
    for act in (
        session.run,
        session.to_retry,
        session.pipeline_file,
        lambda: session.bind("copy", "scripts/copy.py"),
        lambda: session.update(load_pipeline(vault.pipeline)),
    ):
        with pytest.raises(NotAtHomeError) as told:
            act()
        assert "outside of what this service may touch" in told.value.message
        assert "runthrough serve --root DIR" in told.value.fix
    with pytest.raises(SessionError, match="outside of what this service may touch"):
        session.log_texts("copy")
    assert session.present_source("copy") is None
    with pytest.raises(OutsideRootsError, match="The session's folder workspace"):
        session.move_home()
    assert session.resume() == []


def test_a_session_moves_home_inside_only(vault):
    """Folders that are given for a move, and those that it would find, lie inside."""
    at_home = vault.begin(vault.studio.sessions())
    session = vault.confined().open(NAME)
    for how in (
        {"workspaces": [str(vault.outside)]},
        {"workspaces": ["../outside"]},
        {"pipeline": str(vault.outside / "pipeline.yml")},
        {"pipeline": "../outside"},
    ):
        with pytest.raises(OutsideRootsError):
            session.move_home(**how)
    session.move_home(workspaces=["."])
    at_home.refresh()
    assert session.at_home


def test_likeness_leaves_out_what_lies_outside(vault):
    """Answers with paths inside are taken over; of those outside it is said that they are not."""
    model = vault.begin(vault.studio.sessions())
    model.configure("copy", Answers(input_paths={"rows": str(vault.outside / "rows.csv")}))
    model.configure("again", Answers(input_paths={"rows": str(vault.inside / "rows.csv")}))
    definition = load_pipeline(vault.pipeline)
    session = vault.confined().start(definition, name="next", like=NAME)
    assert session.likeness is not None
    (told,) = session.likeness.told
    assert told.startswith(f"{vault.outside}/rows.csv was not taken over: it lies outside of what")
    specs = {node: session.spec(node) for node in ("copy", "again")}
    assert specs["copy"] is None or not specs["copy"].input_paths
    assert specs["again"] is not None
    assert specs["again"].input_paths == {"rows": "pipeline:rows.csv"}


def test_links_that_lead_out_are_no_content(vault):
    """A folder is judged by what really lies in it, and no script is found behind a link."""
    (vault.inside / "many").mkdir()
    (vault.inside / "many/own.csv").write_text("own")
    session = vault.begin()
    session.configure("copy", Answers(input_paths={"rows": "many"}))
    (digest,) = (e.digest for e in session.particulars.evidence["copy"] if e.name == "rows")
    (vault.inside / "many/linked.csv").symlink_to(vault.outside / "rows.csv")
    (vault.inside / "many/folder").symlink_to(vault.outside)
    (vault.inside / "scripts/leaked.py").symlink_to(vault.outside / "scripts/leaked.py")
    (vault.inside / "scripts/pack").symlink_to(vault.outside / "scripts")
    session.resume()
    (after,) = (e.digest for e in session.particulars.evidence["copy"] if e.name == "rows")
    assert after == digest
    vault.pipeline.write_text(PIPELINE.replace("again: {}", "leaked: {}\n  again: {}"))
    session.update(load_pipeline(vault.pipeline))
    assert session.state.nodes["leaked"].script is None
    assert "top_secret" not in vault.written()
    unconfined = vault.studio.sessions().open(NAME)
    unconfined.resume()
    assert unconfined.state.nodes["leaked"].script is not None


def test_modules_and_contracts_outside_are_not_read(vault):
    """A local module, a contract or a package above that lies outside says nothing of a script."""
    (vault.outside / "helpers.py").write_text("SECRET = 1")
    (vault.outside / "copy.contract.yaml").write_text("expected_input_paths: {leaked: /x}")
    (vault.inside / "scripts/helpers.py").symlink_to(vault.outside / "helpers.py")
    contract = vault.inside / "scripts/copy.contract.yaml"
    contract.symlink_to(vault.outside / "copy.contract.yaml")
    (vault.inside / "scripts/copy.py").write_text(f"import helpers\n{COPY}")
    for folder in (vault.inside / "scripts", vault.inside, vault.tmp):
        (folder / "__init__.py").touch()
    session = vault.begin()
    script = session.particulars.scripts["copy"]
    assert "leaked" not in vault.written()
    assert not [name for name in script.modules if "helpers" in name]
    assert session.locate(script.package_root).startswith(str(vault.inside))
    unconfined = vault.studio.sessions().start(load_pipeline(vault.pipeline), name="free")
    free = unconfined.particulars.scripts["copy"]
    assert [name for name in free.modules if "helpers" in name]
    assert unconfined.locate(free.package_root) == str(vault.tmp.parent)


def test_questions_offer_nothing_from_outside(vault):
    """What lies nearby is offered from inside only."""
    (vault.inside / "rows_linked.csv").symlink_to(vault.outside / "rows.csv")
    session = vault.begin()
    (asked,) = (q for q in session.questions("copy") if isinstance(q, Question))
    offered = {candidate.value for candidate in asked.candidates}
    assert any(value.endswith("rows.csv") for value in offered)
    assert not any("linked" in value or "outside" in value for value in offered)
    with pytest.raises(OutsideRootsError):
        session.answer(asked, "../outside/rows.csv")
    with pytest.raises(OutsideRootsError):
        session.tried(asked, "../outside/rows.csv")


def test_a_log_that_became_a_link_is_not_read(vault):
    """What a script may have put in place of its log or its source leads nowhere."""
    session = vault.begin()
    session.configure("copy", Answers(input_paths={"rows": "rows.csv"}))
    session.run(["copy"])
    last = session.state.nodes["copy"].last
    assert last is not None
    log = Path(session.locate(last.log))
    for name in ("stdout.log", "stderr.log", "script.py"):
        (log.parent / name).unlink()
        (log.parent / name).symlink_to(vault.outside / "rows.csv")
    with pytest.raises(SessionError) as told:
        session.log_texts("copy")
    assert told.value.message == "The log of copy lies outside of what this service may touch."
    digest = session.particulars.scripts["copy"].digest
    assert session.kept_source("copy", digest) is None
    (vault.inside / "scripts/copy.py").unlink()
    (vault.inside / "scripts/copy.py").symlink_to(vault.outside / "rows.csv")
    assert session.present_source("copy") is None


def test_scripts_of_settings_that_lie_outside_are_left_out(vault):
    """The registry of the user's settings names what the service may touch, or nothing."""
    sessions = vault.confined()
    registry = {
        "copy": str(vault.outside / "scripts/leaked.py"),
        "again": str(vault.inside / "scripts/again.py"),
    }
    naming = dataclasses.replace(sessions._naming, registry=registry)
    again = Sessions(sessions._ports, sessions._caller, cwd=str(vault.inside), naming=naming)
    session = vault.begin(again)
    assert session.state.pipeline.registry == {"again": "pipeline:scripts/again.py"}


def test_a_node_with_an_interpreter_outside_does_not_run(vault):
    """Another door may have given it one; here neither that is asked, nor the node run."""
    at_home = vault.begin(vault.studio.sessions())
    rows = {"rows": str(vault.inside / "rows.csv")}
    at_home.configure("copy", Answers(input_paths=rows, python=sys.executable))
    session = vault.confined().open(NAME)
    with pytest.raises(OutsideRootsError, match="copy cannot run here") as told:
        session.run(["copy"])
    assert repr(sys.executable) in told.value.message


def test_a_pipeline_file_that_became_a_link_is_not_told(vault):
    """A door reads the session's own pipeline file only where it really lies inside."""
    session = vault.begin()
    assert session.pipeline_file() == str(vault.pipeline)
    vault.pipeline.rename(vault.outside / "pipeline.yml")
    vault.pipeline.symlink_to(vault.outside / "pipeline.yml")
    with pytest.raises(OutsideRootsError, match="The pipeline file"):
        session.pipeline_file()


def test_no_script_outside_is_offered_in_place_of_a_missing_one(vault):
    """What is nearly called as a node is offered from inside alone."""
    (vault.inside / "scripts/copied.py").symlink_to(vault.outside / "scripts/leaked.py")
    (vault.inside / "scripts/copy.py").rename(vault.inside / "scripts/copier.py")
    session = vault.begin()
    (asked,) = session.questions("copy")
    offered = [candidate.value for candidate in asked.candidates]
    assert any(value.endswith("copier.py") for value in offered)
    assert not any(value.endswith("copied.py") for value in offered)
    assert "copied" not in vault.written()


def test_a_packed_input_is_never_unpacked(vault):
    """An archive with members that climb is handed to the script as the one file that it is."""
    member = tarfile.TarInfo("../../climbing.csv")
    with tarfile.open(vault.inside / "rows.tar.gz", "w:gz") as packed:
        packed.addfile(member)
    session = vault.begin()
    session.configure("copy", Answers(input_paths={"rows": "rows.tar.gz"}))
    assert outcomes(session.run(["copy"])) == {"copy": "passed"}
    assert not list(vault.tmp.rglob("climbing.csv"))


def test_an_application_is_wired_for_some_folders(tmp_path):
    """Relative paths start at the first folder, and what adapters meet behind links is not met."""
    with shop(tmp_path / "shop") as desk:
        (tmp_path / "clean.py").write_text("def main(input_paths, top_secret): pass")
        (desk.folder / "scripts/clean.py").unlink()
        (desk.folder / "scripts/clean.py").symlink_to(tmp_path / "clean.py")
        (desk.folder / "data/linked.csv").symlink_to(tmp_path / "clean.py")
        told = desk.shell.environ(RUNTHROUGH_ACTOR="guest", RUNTHROUGH_HOST="here")
        roots = ("shop", str(desk.folder / "data"))
        with wire("http", cwd=str(tmp_path), environ=told, confined_to=roots) as wired:
            path = wired.sessions.place("pipeline.yaml")
            assert path == str(desk.folder / "pipeline.yaml")
            session = wired.sessions_for(wired.caller).start(load_pipeline(path), name=NAME)
            assert session.state.nodes["clean"].script is None
            data, roots_there = RecordedPath("abs:" + str(desk.folder / "data")), Roots({})
            seen = wired.inspector.look((data,), roots=roots_there, digest_up_to=-1)[data]
            assert seen.size_bytes == desk.orders.stat().st_size
            with pytest.raises(OutsideRootsError, match=r"/shop, .*/shop/data\."):
                wired.sessions.place("../clean.py")
        with wire("cli", cwd=str(tmp_path), environ=told) as free:
            assert free.sessions.place("clean.py") == str(tmp_path / "clean.py")


def test_a_folder_that_is_none_is_told_before_a_database_is_made(tmp_path):
    """A mistyped root leaves nothing behind."""
    environ = {"RUNTHROUGH_DATABASE_URL": f"sqlite:///{tmp_path}/log.db", "HOME": str(tmp_path)}
    with pytest.raises(SettingError, match="is no folder"):
        wire("http", cwd=str(tmp_path), environ=environ, confined_to=("absent",))
    assert not list(tmp_path.iterdir())


def test_packages_of_settings_are_searched_inside_only(vault):
    """A package that Python finds somewhere gives a confined caller no script."""
    vault.pipeline.write_text("name: tools\nnodes:\n  tool: {}\n")
    for sessions, found in ((vault.studio.sessions(), True), (vault.confined(), False)):
        naming = dataclasses.replace(sessions._naming, packages=("json",))
        again = Sessions(sessions._ports, sessions._caller, cwd=str(vault.inside), naming=naming)
        session = again.start(load_pipeline(vault.pipeline))
        assert (session.state.nodes["tool"].script is not None) is found


def test_who_is_not_confined_goes_anywhere(vault):
    """At the command line, in Python and in notebooks nothing is different."""
    session = vault.begin(vault.studio.sessions())
    session.configure("copy", Answers(input_paths={"rows": str(vault.outside / "rows.csv")}))
    assert outcomes(session.run(["copy"])) == {"copy": "passed"}
    assert vault.studio.sessions().place("../anywhere") == str(vault.tmp / "anywhere")
