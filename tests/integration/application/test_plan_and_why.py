"""Thirty real scripts have passed; one thing changes; plan and `why` name just that."""

import hashlib
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.support.pipelines import Place
from tests.support.stored import HOST, memory_stores, sql_stores
from tests.support.testers import NAME, Studio, configured, outcomes

from runthrough.adapters.inspection import LocalInspector
from runthrough.adapters.store.opening import open_database
from runthrough.bootstrap import load_pipeline
from runthrough.errors import CommandRefusedError, SelectionError

MAIN = "def main(input_paths, output_paths, environ_vars, job_args):\n"
READ = f"""\
from pathlib import Path


{MAIN}\
    text = Path(input_paths["raw"]).read_text()
    text += environ_vars.get("LABEL", "") + getattr(job_args, "suffix", "")
    Path(output_paths["text"]).write_text(text)
"""
READ_TRIMMED = READ.replace("from pathlib", "import rows\nfrom pathlib").replace(
    'text = Path(input_paths["raw"]).read_text()',
    'text = rows.trimmed(Path(input_paths["raw"]).read_text())',
)
PASS_ON = f"""\
from pathlib import Path


{MAIN}\
    Path(output_paths["text"]).write_text(Path(input_paths["text"]).read_text())
"""
IN_PACKAGE = PASS_ON.replace("from pathlib", "from ..tools import same\nfrom pathlib").replace(
    ".read_text())", ".read_text() + same)"
)
JOIN = f"""\
from pathlib import Path


{MAIN}\
    both = [Path(input_paths[side]).read_text() for side in ("left", "right")]
    Path(output_paths["text"]).write_text("+".join(both))
"""
SCRIPTS = {
    "read": READ,
    "read_trimmed": READ_TRIMMED,
    "rows": "import dates\n\n\ndef trimmed(text):\n    return text.strip(dates.STRIPPED)\n",
    "dates": 'STRIPPED = " "\n',
    "pass_on": PASS_ON,
    "team/__init__": '"""A package."""\n',
    "team/tools": 'same = ""\n',
    "team/steps/__init__": "",
    "team/steps/mid": IN_PACKAGE,
    "join": JOIN,
    "join_last": JOIN,
}
"""Ten scripts read, ten pass on, nine join two neighbours, and the last joins two of these."""
NODES = [f"{kind}{n}" for kind in "smj" for n in range(10)]


def script_of(node):
    kind, n = node[0], int(node[1])
    if kind == "s":
        return "read_trimmed" if n < 2 else "read"
    if kind == "m":
        return "team/steps/mid" if n < 2 else "pass_on"
    return "join" if n < 9 else "join_last"


def inputs_of(node):
    kind, n = node[0], int(node[1])
    if kind == "s":
        return {"raw": f"data/{node}.txt"}
    if kind == "m":
        return {"text": f"{{from: s{n}.text}}"}
    left, right = (f"m{n}", f"m{n + 1}") if n < 9 else ("j7", "j8")
    return {"left": f"{{from: {left}.text}}", "right": f"{{from: {right}.text}}"}


MORE = {
    "s2": "job_args: {suffix: '!'}",
    "s3": "environ_vars: {LABEL: a}",
    "s4": "environ_vars: {TOKEN: {secret: FIRST}}",
    "s5": f"python: {sys.executable}",
}


def declared():
    lines = ["name: thirty", "scripts: [scripts]", "nodes:"]
    for node in NODES:
        given = ", ".join(f"{name}: {value}" for name, value in inputs_of(node).items())
        words = [f"script: scripts/{script_of(node)}.py", f"inputs: {{{given}}}"]
        words += [MORE[node]] if node in MORE else []
        lines.append(f"  {node}: {{{', '.join(words)}}}")
    return "\n".join(lines) + "\n"


@dataclass
class Thirty(Studio):
    """A copy of the folder and the database, as the first run left them."""

    def session(self, **other):
        """The session, entered by somebody else."""
        other.setdefault("keep_runs", 50)
        return self.enter("bob", **other)

    def path(self, name):
        return self.place.workspace / name

    def append(self, name, text):
        with self.path(name).open("a") as file:
            file.write(text)

    def put(self, name, text):
        self.path(name).write_text(text)

    def output(self, node):
        """What the node's only attempt wrote."""
        (there,) = self.place.workspace.glob(f".runthrough/*/runs/*/{node}/*/text")
        return there


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The folder after one run of all thirty."""
    folder = tmp_path_factory.mktemp("thirty")
    place = Place(folder)
    for name, source in SCRIPTS.items():
        place.file(f"workspace/scripts/{name}.py", source)
    for n in range(10):
        place.file(f"workspace/data/s{n}.txt", f"text {n} ")
    pipeline = place.file("workspace/pipeline.yaml", declared())
    with open_database(place.database_url) as database:
        studio = Studio(place, sql_stores(database), secrets={"FIRST": "hush one"})
        session = studio.sessions().start(
            load_pipeline(pipeline), name=NAME, workspaces=(str(place.workspace),)
        )
        assert outcomes(session.run(jobs=2)) == dict.fromkeys(NODES, "passed")
    return folder


@pytest.fixture
def thirty(finished, tmp_path):
    """A copy with its roots moved, so that no test meets what another one changed."""
    folder = tmp_path / "copy"
    shutil.copytree(finished, folder)
    place = Place(folder)
    with open_database(place.database_url) as database:
        studio = Thirty(place, sql_stores(database), secrets={"FIRST": "hush one"})
        entry = studio.stores.directory.find(NAME)
        roots = studio.stores.directory.roots_of(entry.session_id, host=HOST)
        moved = {name: path.replace(str(finished), str(folder)) for name, path in roots.items()}
        studio.stores.directory.set_roots(entry.session_id, host=HOST, roots=moved)
        yield studio


def below(*nodes):
    """What lies below some readers or passers-on, by the pipeline's plan alone."""
    numbers = {int(node[1]) for node in nodes}
    mids = {f"m{n}" for node in nodes if node[0] == "s" for n in [int(node[1])]}
    joins = {f"j{j}" for n in numbers for j in (n - 1, n) if 0 <= j < 9}
    return mids | joins | ({"j9"} if joins & {"j7", "j8"} else set())


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Case:
    """One change, the nodes that it touches by itself, and what `why` names for each of them."""

    make: Callable
    changes: list = field(default_factory=list)
    """Part, name, old, new; `AS_RUN` for what the log says that the run depended on."""
    touched: tuple = ()
    reason: str = "changed"
    ports: dict = field(default_factory=dict)
    sagemaker: bool = False


def answer(node, **answers):
    return lambda there: configured(there.session(), node, **answers)


def appended(name, text):
    return lambda there: there.append(f"scripts/{name}.py", text)


AS_RUN, ANOTHER = "as it ran", "another digest"
CODE = {"script", "module", "interpreter"}


def edited(part, name):
    return [(part, name, AS_RUN, ANOTHER)]


COMMENT, STATEMENT = "# a word\n", "WORD = 1\n"
READERS = ("s0", "s1")
CASES = {
    "an argument": Case(
        answer("s2", job_args={"suffix": "?"}), [("job_arg", "suffix", "!", "?")], ("s2",)
    ),
    "a new argument": Case(
        answer("s6", job_args={"suffix": "?"}), [("job_arg", "suffix", None, "?")], ("s6",)
    ),
    "a variable": Case(
        answer("s3", environ_vars={"LABEL": "b"}), [("environ_var", "LABEL", "a", "b")], ("s3",)
    ),
    "the name of a secret": Case(
        answer("s4", environ_vars={"TOKEN": {"secret": "SECOND"}}),
        [("environ_var", "TOKEN", {"secret": "FIRST"}, {"secret": "SECOND"})],
        ("s4",),
    ),
    "one byte of an input": Case(
        lambda there: there.put("data/s7.txt", "text 8 "),
        [("input", "raw", sha("text 7 "), sha("text 8 "))],
        ("s7",),
    ),
    "a comment in a script": Case(appended("join", COMMENT)),
    "a comment in a helper": Case(appended("rows", COMMENT)),
    "a statement in one script": Case(
        appended("join_last", STATEMENT), edited("script", "join_last"), ("j9",)
    ),
    "a statement in a shared script": Case(
        appended("read_trimmed", STATEMENT), edited("script", "read_trimmed"), READERS
    ),
    "a statement in a direct helper": Case(
        appended("rows", STATEMENT), edited("module", "rows"), READERS
    ),
    "a statement in a helper's helper": Case(
        appended("dates", STATEMENT), edited("module", "dates"), READERS
    ),
    "a statement in a package around": Case(
        appended("team/__init__", STATEMENT), edited("module", "team"), ("m0", "m1")
    ),
    "an output deleted": Case(
        lambda there: there.output("m5").unlink(),
        [("output", "text", sha("text 5 "), None)],
        ("m5",),
        "outputs_changed",
    ),
    "an output with other bytes": Case(
        lambda there: there.output("m5").write_text("other"),
        [("output", "text", sha("text 5 "), sha("other"))],
        ("m5",),
        "outputs_changed",
    ),
    "another version of the interpreter": Case(
        lambda there: None,
        [("interpreter", "python", AS_RUN, "3.99.1")],
        ("s5",),
        ports={"inspector": LocalInspector(probe=lambda executable: "3.99.1")},
    ),
    "files that were only touched": Case(
        lambda there: [os.utime(path) for path in there.place.workspace.rglob("*")]
    ),
    "the same bytes again": Case(
        lambda there: [
            path.write_bytes(path.read_bytes())
            for path in (there.path("data/s7.txt"), there.path("scripts/read.py"))
        ]
    ),
    "the same answers again": Case(answer("s2", job_args={"suffix": "!"})),
    "a secret's value": Case(lambda there: there.secrets.update(FIRST="hush two")),
    "SageMaker's variables": Case(
        lambda there: None,
        [("environ_var", "SM_*", None, "set")],
        tuple(NODES),
        sagemaker=True,
    ),
}


def expected_runs(case):
    """Node → reasons, by the table and the plan of the pipeline."""
    under = below(*(n for n in case.touched if n[0] in "sm"))
    runs = {node: [case.reason] for node in case.touched}
    for node in under:
        runs.setdefault(node, []).append("upstream_runs")
    return runs


def rows(changes):
    return [(row["part"], row["name"], row["old"], row["new"]) for row in changes]


def as_told(thirty, node, changes):
    """The changes without digests of code: of these it counts that they are others than then."""
    first = next(e for e in thirty.events("ScriptStarted") if e.node == node)
    then = {(part.part, part.name): part.value for part in first.fingerprint}
    told = []
    for part, name, old, new in rows(changes):
        if old != then.get((part, name)) or old == new or part not in CODE:
            told.append((part, name, old, new))
        else:
            other = ANOTHER if len(new) == len(sha("")) else new
            told.append((part, name, AS_RUN, other))
    return told


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_plan_and_why_name_what_changed_and_nothing_else(thirty, case):
    """Which nodes run for which reasons, which are reused, and each changed part, old and new."""
    case.make(thirty)
    session = thirty.session(**case.ports)
    written = len(thirty.events())
    view = session.plan(sagemaker=case.sagemaker)
    runs = expected_runs(case)
    assert {row["node"]: row["reasons"] for row in view["run"]} == runs
    assert [row["node"] for row in view["reuse"]] == [n for n in NODES if n not in runs]
    assert (view["blocked"], view["pending"]) == ([], [])
    for row in view["run"]:
        told = as_told(thirty, row["node"], row["changes"])
        assert told == (case.changes if row["node"] in case.touched else [])
    for node in runs:
        _assert_why(thirty, session, node, runs, case)
    free = next(iter(n for n in NODES if n not in runs), None)
    if free:
        told = session.why(free)
        assert (told["stale"], told["changes"], told["upstream"]) == (False, [], [])
    assert len(thirty.events()) == written, "plan and why record nothing"


def _assert_why(thirty, session, node, runs, case):
    """Its own changes; then all that runs above, roots first and once each."""
    told = session.why(node, sagemaker=case.sagemaker)
    assert told["stale"] is True
    assert [row["node"] for row in told["upstream"]] == [
        name for name in NODES if name in runs and name in ancestors(node)
    ]
    for name, changes in [
        (node, told["changes"]),
        *((row["node"], row["changes"]) for row in told["upstream"]),
    ]:
        own = case.changes if name in case.touched else []
        assert as_told(thirty, name, changes) == own


def direct(node):
    """The nodes right above, by the inputs of the pipeline."""
    return {words.split(".")[0].split()[-1] for words in inputs_of(node).values() if "{" in words}


def ancestors(node):
    return direct(node) | {high for name in direct(node) for high in ancestors(name)}


def planned(view):
    return [(row["node"], tuple(row["reasons"])) for row in view["run"]]


def test_the_plan_that_was_shown_is_the_plan_that_runs(thirty):
    """One helper's line: two scripts run, give the same bytes, and all below are reused."""
    thirty.append("scripts/rows.py", STATEMENT)
    session = thirty.session()
    shown = session.plan()
    ended = outcomes(session.run(jobs=2))
    plan = thirty.events("RunStarted")[-1].plan
    assert planned(shown) == [(row.node, row.reasons) for row in plan.run]
    assert [row["node"] for row in shown["reuse"]] == list(plan.reuse)
    assert ended == {**dict.fromkeys(NODES, "reused"), "s0": "passed", "s1": "passed"}
    assert session.plan()["run"] == []


def test_other_bytes_run_on_to_the_end(thirty):
    """An argument that changes the text: its node and all below run, the others are reused."""
    session = configured(thirty.session(), "s8", job_args={"suffix": "?"})
    shown = session.plan()
    ended = outcomes(session.run(jobs=2))
    plan = thirty.events("RunStarted")[-1].plan
    assert planned(shown) == [(row.node, row.reasons) for row in plan.run]
    ran = {node for node, outcome in ended.items() if outcome == "passed"}
    assert ran == {"s8", "m8", "j7", "j8", "j9"}
    assert set(ended.values()) == {"passed", "reused"}
    assert session.why("j9")["stale"] is False


def test_a_deleted_output_is_made_again_and_ends_there(thirty):
    """The same bytes come back, so what reads them is reused at its turn."""
    thirty.output("m5").unlink()
    session = thirty.session()
    shown = session.plan(["m5+"])
    ended = outcomes(session.run(["m5+"]))
    plan = thirty.events("RunStarted")[-1].plan
    assert planned(shown) == [(row.node, row.reasons) for row in plan.run]
    chosen = {node: ended[node] for node in ("m5", "j4", "j5")}
    assert chosen == {"m5": "passed", "j4": "reused", "j5": "reused"}


def test_a_run_of_a_part_tells_what_it_stands_on(thirty):
    """What `status` calls stale is reused or run as it stands, and the results name its root."""
    thirty.append("scripts/join.py", STATEMENT)
    session = thirty.session()
    shown = session.plan(["j9"])["outdated"]
    assert [(row["node"], row["above"]) for row in shown] == [("j9", ["j7", "j8"])]
    results = session.run(["j9"])
    assert (outcomes(results)["j9"], results["outdated"]) == ("reused", shown)
    assert session.run(["j9"], reuse=False)["outdated"] == shown
    assert session.run(["+j9"])["outdated"] == []
    assert session.run(["j9"])["outdated"] == []


def test_a_run_without_sagemaker_runs_what_passed_with_it(thirty):
    """The plan compares with the run that is meant, in both directions."""
    session = thirty.session()
    session.run(["s0"], sagemaker=True)
    (row,) = session.plan(["s0"])["run"]
    assert (row["reasons"], row["text"]) == (["changed"], "SM_*  set → not set")
    assert rows(session.why("s0")["changes"]) == [("environ_var", "SM_*", "set", None)]
    assert session.plan(["s0"], sagemaker=True)["run"] == []
    assert session.why("s0", sagemaker=None)["stale"] is False


def test_what_is_accepted_is_reused_until_something_else_changes(thirty):
    """The pass stands on what is there now; the next change names only itself."""
    thirty.append("scripts/rows.py", STATEMENT)
    session = thirty.session()
    for node in READERS:
        session.accept_unchanged(node)
    assert session.plan()["run"] == []
    ended = outcomes(session.run())
    assert ended == dict.fromkeys(NODES, "reused")
    thirty.append("scripts/dates.py", STATEMENT)
    told = session.why("s0")
    assert as_told(thirty, "s0", told["changes"]) == edited("module", "dates")
    with pytest.raises(CommandRefusedError, match="there is nothing to accept"):
        session.accept_unchanged("s5")


def test_a_script_that_is_gone_is_told_as_pending(thirty):
    """Neither plan nor `why` says that nothing has changed."""
    thirty.path("scripts/join_last.py").unlink()
    session = thirty.session()
    (row,) = session.plan()["pending"]
    told = session.why("j9")
    assert row["node"] == "j9"
    assert told["needs"] == row["needs"]
    assert "not found" in told["needs"][0]
    with pytest.raises(SelectionError, match="state:stale"):
        session.plan(["state:stale"])


def test_the_thirty_are_what_they_are_taken_for():
    """The table of expectations speaks of the pipeline that is declared."""
    assert len(NODES) == 30
    assert below("s0") == {"m0", "j0"}
    assert below("s8") == {"m8", "j7", "j8", "j9"}
    for node in NODES[:20]:
        mine = {name for name in NODES if node in ancestors(name)}
        assert below(node) - {node} == mine
    assert ancestors("j9") == {"j7", "j8", *(f"{k}{n}" for k in "sm" for n in (7, 8, 9))}


LARGE = """
import os
from pathlib import Path


def main(input_paths, output_paths):
    os.truncate(input_paths["raw"], 17 << 20)
    Path(output_paths["text"]).touch()
    os.truncate(output_paths["text"], 17 << 20)
"""


@pytest.mark.parametrize("where", ["input", "output"])
def test_large_contents_are_compared_once_a_run_took_them(tmp_path, where):
    """Else each look would call stale what a run reuses; whichever tester looks, with no cache."""
    studio = Studio(Place(tmp_path), memory_stores())
    studio.place.script("a", LARGE)
    with (raw := studio.place.file("raw", "")).open("w") as file:
        file.truncate(17 << 20)
    session = configured(studio.start("a"), "a", input_paths={"raw": str(raw)})
    session.run()
    left = session.locate(session.state.nodes["a"].passed.outputs["text"])
    for look in (session, studio.enter()):
        assert [row.category for row in look.worklist()] == ["passed"]
    with Path(raw if where == "input" else left).open("r+b") as file:
        file.write(b"changed")
    assert [row.category for row in session.worklist()] == ["stale"]


def test_without_an_input_that_was_there_nothing_stands(tmp_path):
    """It could not run as it is; once the input is back as it was, it stands by itself."""
    studio = Studio(Place(tmp_path), memory_stores())
    studio.place.script("a", READ)
    raw = studio.place.file("raw", "x")
    session = configured(studio.start("a"), "a", input_paths={"raw": str(raw)})
    session.run()
    raw.rename(tmp_path / "away")
    with pytest.raises(CommandRefusedError, match=r"What a takes is not there: raw\."):
        session.accept_unchanged("a")
    assert [event.command for event in studio.events("CommandRefused")] == ["accept"]
    (tmp_path / "away").rename(raw)
    with pytest.raises(CommandRefusedError, match="Nothing that a depends on has changed"):
        session.accept_unchanged("a")
