"""Which script a node runs, and what else could have been meant."""

import os
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runthrough.adapters.discovery.catalog import StepCatalog
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.metadata import SessionSettings
from runthrough.core.values.paths import Roots
from runthrough.core.values.pipelines import NodeDeclaration, PipelineDeclaration

MAIN = "def main(input_paths, output_paths, environ_vars, job_args):\n    pass\n"


@pytest.fixture
def workspace(tmp_path):
    """Write scripts below two workspaces, and discover nodes in them."""

    class Workspace:
        folders = (tmp_path / "one", tmp_path / "two")
        roots = Roots({"workspace": str(folders[0]), "workspace2": str(folders[1])})
        settings = SessionSettings(
            workspaces=(RecordedPath("workspace:."), RecordedPath("workspace2:."))
        )

        def write(self, *paths, text=MAIN):
            for path in paths:
                file = tmp_path / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)

        def discover(self, *nodes, **pipeline):
            return StepCatalog().discover(
                [NodeName(node) for node in nodes],
                pipeline=PipelineDeclaration(name="p", **pipeline),
                settings=self.settings,
                roots=self.roots,
            )

        def find(self, node, **pipeline):
            found = self.discover(node, **pipeline)[node]
            return None if found.script is None else found.script.path

        def candidates(self, node, **pipeline):
            return self.discover(node, **pipeline)[node].candidates

    for folder in Workspace.folders:
        folder.mkdir()
    return Workspace()


def test_a_node_is_found_by_its_canonical_name(workspace):
    """Two nodes that run one script for two jobs both find it."""
    workspace.write("one/scripts/tabular_preprocessing.py")
    found = workspace.discover("TabularPreprocessing_training", "TabularPreprocessing_calibration")
    assert [each.script.path for each in found.values()] == [
        "workspace:scripts/tabular_preprocessing.py"
    ] * 2
    assert found["TabularPreprocessing_training"].script.name == "tabular_preprocessing"


def test_a_script_named_after_the_whole_node_comes_before_the_canonical_one(workspace):
    """A file for one job type is more closely meant than the file for all of them."""
    workspace.write("one/eval.py", "one/eval_training.py")
    assert workspace.find("Eval_training") == "workspace:eval_training.py"
    assert [c.path for c in workspace.candidates("Eval_training")] == ["workspace:eval.py"]
    assert workspace.find("Eval_calibration") == "workspace:eval.py"


def test_roots_are_searched_in_their_order(workspace):
    """The pipeline's own roots first, then each workspace: its `scripts`, then itself."""
    order = (
        "one/deep/first/step.py",
        "one/deep/first/package/step.py",
        "two/other/step.py",
        "one/scripts/step.py",
        "one/scripts/package/step.py",
        "one/step.py",
        "two/scripts/step.py",
        "two/step.py",
    )
    workspace.write(*order)
    roots = (RecordedPath("workspace:deep/first"), RecordedPath("workspace2:other"))
    found = workspace.discover("Step", scripts=roots)["Step"]
    recorded = [
        path.replace("one/", "workspace:", 1).replace("two/", "workspace2:", 1) for path in order
    ]
    assert found.script.path == recorded[0]
    assert [candidate.path for candidate in found.candidates] == recorded[1:]
    assert {candidate.kind for candidate in found.candidates} == {"shadowed"}
    assert "scripts" in found.candidates[2].reason


def test_only_exact_stems_are_taken(workspace):
    """A near miss is suggested with score and reason, never taken."""
    workspace.write("one/tabular_preprocess.py", "one/train_xgboost.py", "one/zebra.py")
    found = workspace.discover("TabularPreprocessing", "XGBoostTraining", "Unlike")
    first = found["TabularPreprocessing"]
    assert first.script is None
    assert [(c.path, c.kind) for c in first.candidates] == [
        ("workspace:tabular_preprocess.py", "suggested")
    ]
    assert 0.9 < first.candidates[0].score < 1.0
    assert "tabular_preprocessing.py" in first.candidates[0].reason
    assert found["XGBoostTraining"].candidates[0].path == "workspace:train_xgboost.py"
    assert found["Unlike"].candidates == ()


def test_at_most_three_scripts_are_suggested_the_nearest_first(workspace):
    """Of many near names the three nearest are told, in an order that does not change."""
    workspace.write(*(f"one/clean_rows_{n}.py" for n in range(6)), "one/clean_row.py")
    candidates = workspace.candidates("CleanRows")
    assert [c.path for c in candidates] == [
        "workspace:clean_row.py",
        "workspace:clean_rows_0.py",
        "workspace:clean_rows_1.py",
    ]


def test_a_script_that_the_pipeline_names_is_taken_from_anywhere(workspace):
    """An explicit path needs no search root, and wins over names and registry."""
    workspace.write("one/elsewhere/any.py", "one/step.py", "one/registered.py")
    found = workspace.find(
        "Step",
        nodes={"Step": NodeDeclaration(script=RecordedPath("workspace:elsewhere/any.py"))},
        registry={"Step": RecordedPath("workspace:registered.py")},
    )
    assert found == "workspace:elsewhere/any.py"


def test_the_registry_wins_over_names(workspace):
    """A registered script is taken for the node, or for its canonical name."""
    workspace.write("one/step.py", "one/registered.py", "one/canonical.py")
    registry = {
        "Step_training": RecordedPath("workspace:registered.py"),
        "Step": RecordedPath("workspace:canonical.py"),
    }
    assert workspace.find("Step_training", registry=registry) == "workspace:registered.py"
    assert workspace.find("Step_testing", registry=registry) == "workspace:canonical.py"


def test_a_named_script_that_is_absent_is_never_replaced(workspace):
    """Where the pipeline names a script that does not exist, others are only suggested."""
    workspace.write("one/scripts/clean.py", "one/step.py")
    pipeline = {"nodes": {"Step": NodeDeclaration(script=RecordedPath("workspace:cleen.py"))}}
    found = workspace.discover("Step", **pipeline)["Step"]
    assert found.script is None
    assert [(c.path, c.kind) for c in found.candidates] == [
        ("workspace:step.py", "suggested"),
        ("workspace:scripts/clean.py", "suggested"),
    ]
    assert "cleen.py, which does not exist" in found.candidates[0].reason


def test_a_root_that_this_host_does_not_know_holds_nothing(workspace):
    """Roots of another host are passed over, in the search and in named paths."""
    workspace.write("one/step.py")
    unknown = RecordedPath("elsewhere:scripts")
    assert workspace.find("Step", scripts=(unknown,)) == "workspace:step.py"
    named = {"Step": NodeDeclaration(script=RecordedPath("elsewhere:step.py"))}
    assert workspace.find("Step", nodes=named) is None
    assert StepCatalog().inspect(RecordedPath("elsewhere:x.py"), roots=workspace.roots) is None


def test_overlapping_roots_show_each_file_once(workspace):
    """A file that two roots reach, also through a link, does not shadow itself."""
    workspace.write("one/scripts/step.py", "one/scripts/package/inner.py")
    (workspace.folders[1] / "scripts").symlink_to(workspace.folders[0] / "scripts")
    roots = (RecordedPath("workspace:scripts"), RecordedPath("workspace:."))
    found = workspace.discover("Step", "Inner", scripts=roots)
    assert found["Step"].candidates == ()
    assert found["Inner"].script.path == "workspace:scripts/package/inner.py"


def test_loops_of_links_and_odd_files_are_passed_over(workspace):
    """Links that lead to themselves, pipes, folders and hidden files are no scripts."""
    workspace.write("one/step.py", "one/.hidden.py", "one/__init__.py")
    one = workspace.folders[0]
    (one / "loop.py").symlink_to(one / "loop.py")
    (one / "scripts").symlink_to(one / "scripts")
    (one / "self").symlink_to(one)
    (one / "gone.py").symlink_to(one / "nowhere.py")
    (one / "folder.py").mkdir()
    os.mkfifo(one / "pipe.py")
    catalog = StepCatalog([one])
    assert [script.name for script in catalog.scripts()] == ["step"]
    for name in ("loop", "folder", "pipe", "gone", "hidden"):
        assert catalog.find(name) is None
    for path in ("folder.py", "pipe.py", "gone.py", "step.py/below.py"):
        recorded = RecordedPath(f"workspace:{path}")
        assert catalog.inspect(recorded, roots=catalog.roots) is None
    loop = catalog.inspect(RecordedPath("workspace:loop.py"), roots=catalog.roots)
    assert [problem.code for problem in loop.problems] == ["SCRIPT_UNREADABLE"]


def test_discovery_does_not_depend_on_the_order_of_the_disk(workspace):
    """Scripts of one name in sibling folders are taken in the order of the alphabet."""
    workspace.write("one/scripts/b/step.py", "one/scripts/a/step.py", "one/scripts/c/step.py")
    found = workspace.discover("Step")["Step"]
    assert found.script.path == "workspace:scripts/a/step.py"
    assert [c.path for c in found.candidates] == [
        "workspace:scripts/b/step.py",
        "workspace:scripts/c/step.py",
    ]


def test_a_script_is_never_imported(workspace, tmp_path):
    """Discovery and reading leave no trace of what a script does at import."""
    trace = tmp_path / "trace"
    workspace.write(
        "one/step.py",
        "one/package/__init__.py",
        text=f"open({str(trace)!r}, 'w').write('x')\nimport sys\nsys.modules['traced'] = sys\n"
        + MAIN
        + "    input_paths['a']\n",
    )
    before = set(sys.modules)
    catalog = StepCatalog([workspace.folders[0]])
    script = catalog.find("Step")
    needs = catalog.requirements(script, roots=catalog.roots, job_args={}, environ_vars={}).needs
    assert [need.name for need in needs] == ["a"]
    assert not trace.exists()
    assert "traced" not in sys.modules
    assert "step" not in set(sys.modules) - before


def test_users_ask_a_catalog_of_their_own_folders(workspace):
    """A catalog made with folders finds scripts, tells candidates, and lists what has a `main`."""
    workspace.write("one/scripts/train.py", "two/train.py", "two/report.py")
    workspace.write("one/library.py", text="x = 1\n")
    catalog = StepCatalog(workspace_dirs=workspace.folders)
    assert [script.path for script in catalog.scripts()] == [
        "workspace:scripts/train.py",
        "workspace2:report.py",
    ]
    script = catalog.find("Train_training")
    assert catalog.roots.locate(script.path) == str(workspace.folders[0] / "scripts/train.py")
    assert [c.kind for c in catalog.candidates("Train")] == ["shadowed"]
    assert catalog.find("Library").problems[0].code == "MAIN_MISSING"
    assert StepCatalog().scripts() == ()


def test_relative_folders_are_made_absolute_at_once(workspace, monkeypatch, tmp_path):
    """A catalog of a relative folder does not depend on the current folder later."""
    workspace.write("one/step.py")
    monkeypatch.chdir(tmp_path)
    catalog = StepCatalog(["one"])
    monkeypatch.chdir("/")
    assert catalog.find("Step").path == "workspace:step.py"


def test_inspection_sees_a_script_as_it_is_now(workspace):
    """A changed script has another digest, a removed one is gone, also within one instant."""
    catalog = StepCatalog()
    path = RecordedPath("workspace:step.py")
    digests = set()
    for number in range(5):
        workspace.write("one/step.py", text=f"{MAIN}    return {number}\n")
        digests.add(catalog.inspect(path, roots=workspace.roots).digest)
    assert len(digests) == 5
    (workspace.folders[0] / "step.py").unlink()
    assert catalog.inspect(path, roots=workspace.roots) is None


@given(st.lists(st.text(max_size=20), max_size=6))
def test_any_node_names_are_looked_for_without_failing(names):
    """Whatever nodes are called, each gets an answer."""
    found = StepCatalog([os.path.dirname(__file__)]).discover(  # noqa: PTH120 - no fixture here
        [NodeName(name) for name in names],
        pipeline=PipelineDeclaration(name="p"),
        settings=SessionSettings(),
        roots=Roots({}),
    )
    assert set(found) == set(names)


def test_compound_words_of_a_user_stay_whole(workspace):
    """Beside the known compounds a session may have its own."""
    workspace.write("one/catboost_train.py", "one/cat_boost_train.py")
    assert workspace.find("CatBoostTrain_training") == "workspace:cat_boost_train.py"
    workspace.settings = workspace.settings.model_copy(update={"compounds": ("CatBoost",)})
    assert workspace.find("CatBoostTrain_training") == "workspace:catboost_train.py"
    assert workspace.find("XGBoostTrain") is None


def test_job_types_of_a_user_are_left_out_of_the_canonical_name(workspace):
    """The suffixes that a session has are its own."""
    workspace.write("one/score.py")
    assert workspace.find("Score_nightly") is None
    workspace.settings = workspace.settings.model_copy(update={"suffixes": ("_nightly",)})
    assert workspace.find("Score_nightly") == "workspace:score.py"
    assert workspace.find("Score_training") is None


def test_packages_are_searched_last_and_never_imported(workspace, tmp_path, monkeypatch):
    """A package is found in a workspace or where Python finds it, by path."""
    broken = "raise RuntimeError('imported')\n"
    for place in ("one/acme", "installed/tools", "installed/tools/deep"):
        workspace.write(f"{place}/__init__.py", text=broken)
    workspace.write(
        "one/acme/steps/clean.py",
        "installed/tools/deep/clean.py",
        "installed/tools/deep/steps/train.py",
        "installed/tools/deep/other.py",
        "two/other.py",
    )
    monkeypatch.syspath_prepend(tmp_path / "installed")
    assert workspace.find("Clean") is None
    unfit = ("not a name", "n" * 300)
    packages = ("acme.steps", "no_such_package", "tools.absent", "tools.deep", *unfit)
    workspace.settings = workspace.settings.model_copy(update={"packages": packages})
    assert workspace.find("Clean") == "workspace:acme/steps/clean.py"
    installed = f"abs:{tmp_path}/installed/tools/deep"
    assert [c.path for c in workspace.candidates("Clean")] == [f"{installed}/clean.py"]
    assert workspace.find("Train") == f"{installed}/steps/train.py"
    assert workspace.find("Other") == "workspace2:other.py"
    (shadowed,) = workspace.candidates("Other")
    assert shadowed.reason == (
        f"the folder workspace2:. is searched before {tmp_path}/installed/tools/deep"
    )


def test_folders_that_change_are_listed_again(workspace):
    """The same catalog sees scripts that come and go, also behind links."""
    workspace.write("one/step.py")
    one = workspace.folders[0]
    catalog = StepCatalog([one])
    assert catalog.find("step") is not None
    assert catalog.find("late") is None
    workspace.write("one/late.py", "elsewhere/target.py")
    assert catalog.find("late") is not None
    (one / "link.py").symlink_to(one.parent / "elsewhere" / "target.py")
    assert catalog.find("link") is not None
    (one.parent / "elsewhere" / "target.py").unlink()
    assert catalog.find("link") is None
    (one / "late.py").unlink()
    assert catalog.find("late") is None
