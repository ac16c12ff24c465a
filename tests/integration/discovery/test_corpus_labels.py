"""The labelled pipelines are as many as promised, and their labels fit their scripts."""

import ast
import shutil

import pytest
import yaml
from tests.support.corpus import CORPUS, CorpusError, load, pipelines

HALVES = ("building", "reporting", "traps")


def every():
    return [pipeline for half in HALVES for pipeline in pipelines(half)]


def labels_of(folder):
    return yaml.safe_load((folder / "truth.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def copied(tmp_path):
    """A pipeline of the corpus in a folder of its own, and a way to spoil one of its labels."""
    folder = tmp_path / "ticket_classifier"
    shutil.copytree(CORPUS / "building" / "ticket_classifier", folder)

    def spoil(change):
        truth = labels_of(folder)
        change(truth)
        (folder / "truth.yaml").write_text(yaml.safe_dump(truth), encoding="utf-8")
        return folder

    return spoil


@pytest.mark.parametrize(("half", "least"), [("building", 6), ("reporting", 6), ("traps", 16)])
def test_every_half_has_enough_pipelines(half, least):
    """Six pipelines to build on, six to report on, sixteen traps."""
    assert len(pipelines(half)) >= least


@pytest.mark.parametrize("half", ["building", "reporting"])
def test_both_halves_have_enough_connections(half):
    """Forty-five labelled connections in each half, so that one wrong is more than chance."""
    assert sum(len(pipeline.connections) for pipeline in pipelines(half)) >= 45


@pytest.mark.parametrize(("half", "nodes"), [("building", 4), ("reporting", 4), ("traps", 2)])
def test_pipelines_have_the_size_of_real_ones(half, nodes):
    """Each pipeline has four to ten nodes; a trap may be smaller."""
    for pipeline in pipelines(half):
        declared = yaml.safe_load(pipeline.file.read_text(encoding="utf-8"))["nodes"]
        assert nodes <= len(declared) <= 10, pipeline.name


def test_each_trap_has_something_that_must_stay_open():
    """A trap without an open or outside input could not catch a wrong connection."""
    for pipeline in pipelines("traps"):
        assert pipeline.open or pipeline.outside, pipeline.name


def test_names_of_pipelines_occur_once():
    """Figures are told by the pipeline's name."""
    names = [pipeline.name for pipeline in every()]
    assert len(set(names)) == len(names)


def test_every_script_is_valid_python():
    """Scripts of the corpus are read and never run, but they could be: each one parses."""
    for pipeline in every():
        for path in pipeline.folder.rglob("*.py"):
            ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def test_every_script_has_a_main_that_takes_the_four_mappings():
    """Each node's script has the `main` that the tester calls."""
    wanted = ["input_paths", "output_paths", "environ_vars", "job_args"]
    for pipeline in every():
        for script in pipeline.scripts.values():
            tree = ast.parse(script.read_text(encoding="utf-8"))
            mains = [
                statement
                for statement in tree.body
                if isinstance(statement, ast.FunctionDef) and statement.name == "main"
            ]
            assert [argument.arg for main in mains for argument in main.args.args][:4] == wanted, (
                script
            )


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda truth: truth.update(extra=1), "unknown key 'extra'"),
        (lambda truth: truth.pop("about"), "about: a text is missing"),
        (lambda truth: truth.update(needs=[]), "needs: must be a dict"),
        (lambda truth: truth["needs"].pop("BuildVocab"), "needs: BuildVocab is missing"),
        (lambda truth: truth["needs"].update(Nobody={}), "Nobody is no node with a script"),
        (
            lambda truth: truth["needs"]["BuildVocab"]["environ_vars"].update(SIZE="optional"),
            "environ_vars.SIZE: not in the script",
        ),
        (
            lambda truth: truth["needs"]["BuildVocab"]["outputs"].update(vocab="needed"),
            "outputs.vocab: unknown level 'needed'",
        ),
        (
            lambda truth: truth["connections"].update({"PredictTickets.mdl": "BuildVocab.vocab"}),
            "BuildVocab is no direct predecessor of PredictTickets",
        ),
        (
            lambda truth: truth["connections"].update(
                {"PredictTickets.mdl": "FinetuneEncoder.model"}
            ),
            "FinetuneEncoder has no output model",
        ),
        (
            lambda truth: truth["connections"].pop("PredictTickets.mdl"),
            "PredictTickets.mdl: neither connected nor outside nor open",
        ),
        (
            lambda truth: truth["outside"].append("PredictTickets.mdl"),
            "PredictTickets.mdl: labelled 2 times",
        ),
        (
            lambda truth: truth["outside"].append("PredictTickets.texts"),
            "PredictTickets.texts: not among the needs of its node",
        ),
        (lambda truth: truth.update(open={"PredictTickets.mdl": None}), "must be a list"),
        (lambda truth: truth["needs"]["BuildVocab"].update(env={}), "unknown kind 'env'"),
        (
            lambda truth: truth["connections"].update({"PredictTickets.mdl": "Nobody.mdl"}),
            "PredictTickets.mdl: Nobody.mdl: both must be nodes",
        ),
    ],
)
def test_a_label_that_cannot_be_true_is_refused(copied, change, why):
    """Labels that contradict the pipeline file or a script are refused with the file's name."""
    folder = copied(change)
    with pytest.raises(CorpusError) as refused:
        load(folder)
    assert why in str(refused.value)
    assert str(folder / "truth.yaml") in str(refused.value)


def test_a_label_that_contradicts_a_declared_connection_is_refused(copied):
    """What the pipeline file declares is true of the pipeline, whatever the labels say."""
    folder = copied(lambda truth: truth)
    file = folder / "pipeline.yaml"
    declared = yaml.safe_load(file.read_text(encoding="utf-8"))
    declared["nodes"]["CleanTickets"]["inputs"] = {
        "src": {"from": "Tickets.tickets", "subpath": "new"}
    }
    file.write_text(yaml.safe_dump(declared), encoding="utf-8")
    with pytest.raises(CorpusError, match=r"pipeline\.yaml declares Tickets\.tickets/new"):
        load(folder)


def test_a_node_without_a_script_is_refused(copied):
    """Needs of a node whose script cannot be found could not be compared with anything."""
    folder = copied(lambda truth: truth)
    (folder / "scripts" / "build_vocab.py").unlink()
    with pytest.raises(CorpusError, match="BuildVocab has no script"):
        load(folder)
