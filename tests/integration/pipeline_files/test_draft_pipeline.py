"""Drafting a pipeline file from a folder of scripts."""

import json
import os
import subprocess
import sys

import pytest
from jsonschema import Draft7Validator
from tests.support.pipelines import tree

from runthrough.adapters.drafting import draft_pipeline
from runthrough.adapters.pipeline_files import load_pipeline
from runthrough.adapters.pipeline_files.texts import read_tree
from runthrough.core.values.connections import Output
from runthrough.errors import PipelineError, PipelineFileError

HEAD = "def main(input_paths, output_paths, environ_vars, job_args):\n"


def script(*, reads=(), writes=(), more=()):
    """A script that reads and writes a named file below each of its inputs and outputs."""
    lines = [f"    open(input_paths[{name!r}] + '/{file}')" for name, file in reads]
    lines += [f"    open(output_paths[{name!r}] + '/{file}', 'w')" for name, file in writes]
    return HEAD + "\n".join([*lines, *(f"    {line}" for line in more), "    return None\n"])


PREPARE = script(
    reads=[("raw", "orders.csv")],
    writes=[("orders_table", "orders_clean.csv")],
    more=["environ_vars['CURRENCY']"],
)
TRAIN = script(
    reads=[("orders_table", "orders_clean.csv")],
    writes=[("churn_model", "churn_model.json")],
    more=["print(job_args.depth)"],
)
SCORE = script(
    reads=[("churn_model", "churn_model.json"), ("orders_table", "orders_clean.csv")],
    writes=[("scores", "scores.csv")],
)


def folder_of(place, **scripts):
    for stem, text in scripts.items():
        path = place / f"{stem.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return place


def churn(place):
    return folder_of(place / "churn" / "scripts", score=SCORE, train=TRAIN, prepare_orders=PREPARE)


def drafted(folder, file):
    """The draft, read back as `runthrough new` reads it."""
    draft_pipeline(folder, file)
    return load_pipeline(file)


def test_scripts_become_nodes_that_are_wired(tmp_path):
    """Each script is a node, in running order, connected where files and names say so."""
    definition = drafted(churn(tmp_path), tmp_path / "pipeline.yaml")
    nodes = definition.declaration.nodes
    assert definition.name == "churn"
    assert definition.dag.topological_sort() == ("PrepareOrders", "Train", "Score")
    assert list(nodes) == ["PrepareOrders", "Train", "Score"]
    assert nodes["PrepareOrders"].script == "pipeline:churn/scripts/prepare_orders.py"
    assert nodes["PrepareOrders"].inputs == {}
    assert nodes["Train"].inputs == {"orders_table": Output("PrepareOrders", "orders_table")}
    assert nodes["Score"].inputs == {
        "churn_model": Output("Train", "churn_model"),
        "orders_table": Output("PrepareOrders", "orders_table"),
    }


def test_what_is_open_stands_in_comments(tmp_path):
    """Required inputs, variables and arguments that nothing gives are there to be filled in."""
    file = tmp_path / "pipeline.yaml"
    draft = draft_pipeline(churn(tmp_path), file)
    text = file.read_text()
    assert "      # raw: PATH  # required; reads orders.csv\n" in text
    assert '    environ_vars:\n      # CURRENCY: "TEXT"  # required\n' in text
    assert "    job_args:\n      # depth: VALUE  # required\n" in text
    assert [(one.node, one.kind, one.need.name) for one in draft.drafted.open] == [
        ("PrepareOrders", "input", "raw"),
        ("PrepareOrders", "environ_var", "CURRENCY"),
        ("Train", "job_arg", "depth"),
    ]


def test_filled_in_comments_are_a_pipeline_file(tmp_path):
    """Taking the comment sign away from what is open leaves a file that is read."""
    file = tmp_path / "pipeline.yaml"
    draft_pipeline(churn(tmp_path), file)
    file.write_text(file.read_text().replace("      # ", "      "))
    nodes = load_pipeline(file).declaration.nodes
    assert nodes["PrepareOrders"].inputs == {"raw": "pipeline:PATH"}
    assert nodes["PrepareOrders"].environ_vars == {"CURRENCY": "TEXT"}
    assert nodes["Train"].job_args == {"depth": "VALUE"}


def test_what_is_named_like_a_secret_is_to_be_a_secret(tmp_path):
    """Nobody is led to write a token into the file: what is to be filled in names a secret."""
    scripts = folder_of(
        tmp_path / "s",
        fetch=script(more=["environ_vars['API_TOKEN']", "print(job_args.db_password)"]),
    )
    file = tmp_path / "pipeline.yaml"
    draft_pipeline(scripts, file)
    text = file.read_text()
    assert "      # API_TOKEN: {secret: NAME}  # required\n" in text
    file.write_text(text.replace("      # ", "      "))
    fetch = load_pipeline(file).declaration.nodes["Fetch"]
    assert fetch.environ_vars == {"API_TOKEN": {"secret": "NAME"}}
    assert fetch.job_args == {"db_password": {"secret": "NAME"}}


def test_a_contract_is_read_beside_the_code(tmp_path):
    """A need that contract and code name is one, known from both."""
    scripts = folder_of(tmp_path / "s", prepare=PREPARE)
    (scripts / "prepare.contract.yaml").write_text(
        "required_env_vars: [CURRENCY, REGION]\nexpected_input_paths: {raw: /opt/ml/raw}\n"
    )
    draft = draft_pipeline(scripts, tmp_path / "pipeline.yaml")
    (currency,) = [one for one in draft.drafted.open if one.need.name == "CURRENCY"]
    assert currency.need.sources == ("contract", "code")


def test_weak_evidence_is_only_a_comment(tmp_path):
    """Two scripts that write the same are both named to the person, and neither is taken."""
    twin = script(writes=[("orders_table", "orders_clean.csv")])
    scripts = folder_of(tmp_path / "s", first=twin, second=twin, train=TRAIN)
    file = tmp_path / "pipeline.yaml"
    definition = drafted(scripts, file)
    assert definition.declaration.nodes["Train"].inputs == {}
    assert definition.dag.edges == ()
    (line,) = [line for line in file.read_text().splitlines() if "# orders_table" in line]
    assert "perhaps" in line
    assert "First.orders_table" in line
    assert "Second.orders_table" in line


def test_being_the_only_one_left_connects_nothing(tmp_path):
    """Without edges, names that only do not disagree are a comment, never a connection."""
    scripts = folder_of(
        tmp_path / "s",
        first=HEAD + "    open(output_paths['data_output'], 'w')\n",
        second=HEAD + "    open(input_paths['input_data'])\n",
    )
    file = tmp_path / "pipeline.yaml"
    assert drafted(scripts, file).dag.edges == ()
    assert "# input_data: {from: First.data_output}  # perhaps" in file.read_text()


def test_a_script_feeds_neither_itself_nor_what_it_stands_on(tmp_path):
    """An output of the script itself, or of one below it, is not even a comment."""
    scripts = folder_of(
        tmp_path / "s",
        grow=script(reads=[("forest", "forest.bin")], writes=[("forest", "forest.bin")]),
        prepare=script(
            writes=[("orders_table", "orders_clean.csv")],
            more=["open(input_paths['old_scores'])"],
        ),
        train=TRAIN,
        rate=script(
            reads=[("churn_model", "churn_model.json")],
            more=["open(output_paths['scores_table'], 'w')"],
        ),
    )
    file = tmp_path / "pipeline.yaml"
    definition = drafted(scripts, file)
    assert definition.dag.edges == (("Prepare", "Train"), ("Train", "Rate"))
    assert "      # forest: PATH  # required" in file.read_text()
    assert "      # old_scores: PATH  # required" in file.read_text()


def test_a_cycle_is_never_drafted(tmp_path):
    """Of scripts that feed each other one connection is dropped, and a comment names the cycle."""
    scripts = folder_of(
        tmp_path / "s",
        a=script(reads=[("beta_rows", "beta.csv")], writes=[("alpha_rows", "alpha.csv")]),
        b=script(reads=[("alpha_rows", "alpha.csv")], writes=[("beta_rows", "beta.csv")]),
    )
    file = tmp_path / "pipeline.yaml"
    definition = drafted(scripts, file)
    assert len(definition.dag.edges) == 1
    (dropped,) = [line for line in file.read_text().splitlines() if "the cycle" in line]
    assert dropped.strip().startswith("# ")


def test_the_draft_is_the_same_whatever_the_hash_seed(tmp_path):
    """Two processes with other seeds write the same file, byte by byte."""
    scripts = churn(tmp_path)
    program = (
        "import sys; from runthrough.adapters.drafting import *; draft_pipeline(*sys.argv[1:])"
    )
    texts = set()
    for seed in ("1", "2"):
        place = tmp_path / seed
        place.mkdir()
        subprocess.run(
            [sys.executable, "-c", program, scripts, "pipeline.yaml"],
            cwd=place,
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
        )
        texts.add((place / "pipeline.yaml").read_text())
    assert len(texts) == 1


def test_names_of_nodes_are_unique_and_every_file_can_be_named(tmp_path):
    """Stems that give the same name are numbered, and odd ones are quoted."""
    scripts = tmp_path / "s"
    odd = ("a_b", "aB", "true", "null", "1e5", "it's", "x: y", "größe", "dots.in.it")
    for stem in odd:
        folder_of(scripts).mkdir(exist_ok=True)
        (scripts / f"{stem}.py").write_text(script(writes=[("o", "o.csv")]))
    definition = drafted(scripts, tmp_path / "pipeline.yaml")
    nodes = definition.declaration.nodes
    assert sorted(nodes) == sorted(
        ["AB", "AB2", "True", "Null", "1e5", "It's", "X: y", "Größe", "Dots.in.it"]
    )
    assert {node.script for node in nodes.values()} == {f"pipeline:s/{stem}.py" for stem in odd}


def test_scripts_in_packages_and_of_one_name_are_all_there(tmp_path):
    """A script one folder deeper is a node too, and so are two files of one name."""
    scripts = folder_of(tmp_path / "s", score=SCORE, fraud__score=SCORE, churn__score=SCORE)
    nodes = drafted(scripts, tmp_path / "pipeline.yaml").declaration.nodes
    assert {name: node.script for name, node in nodes.items()} == {
        "Score": "pipeline:s/score.py",
        "Score2": "pipeline:s/churn/score.py",
        "Score3": "pipeline:s/fraud/score.py",
    }


def test_scripts_that_cannot_be_nodes_are_told(tmp_path):
    """What has no main, or does not parse, is left out with its reason, in the file too."""
    scripts = folder_of(
        tmp_path / "s", score=SCORE, shared="LIMIT = 5\n", broken="def main(:\n    pass\n"
    )
    file = tmp_path / "pipeline.yaml"
    draft = draft_pipeline(scripts, file)
    assert list(draft.drafted.nodes) == ["Score"]
    assert len(draft.left_out) == 2
    text = file.read_text()
    assert "# left out: shared.py has no function main" in text
    assert "# left out: broken.py:1:10: " in text


def test_scripts_are_read_and_never_run_and_their_folder_stays_as_it_was(tmp_path):
    """A script with a side effect at import leaves no trace, and nothing is written there."""
    mark = tmp_path / "imported"
    scripts = folder_of(tmp_path / "s", score=f"open({str(mark)!r}, 'w').close()\n{SCORE}")
    before = tree(scripts)
    draft_pipeline(scripts, tmp_path / "pipeline.yaml")
    assert not mark.exists()
    assert tree(scripts) == before


def test_a_secret_in_a_docstring_stays_there(tmp_path):
    """What looks like a secret in a script's text is masked in the draft."""
    key = "AKIA" + "ABCDEFGHIJKLMNOP"
    scripts = folder_of(tmp_path / "s", score=f'"""Scores with {key}."""\n{SCORE}')
    file = tmp_path / "pipeline.yaml"
    draft_pipeline(scripts, file)
    text = file.read_text()
    assert "Scores with" in text
    assert key not in text


def test_a_file_that_is_there_stays_as_it_is(tmp_path):
    """An existing file is never overwritten, a link to nowhere neither."""
    scripts = churn(tmp_path)
    file, link = tmp_path / "pipeline.yaml", tmp_path / "link.yaml"
    file.write_text("mine")
    link.symlink_to(tmp_path / "nowhere")
    for there in (file, link):
        with pytest.raises(PipelineFileError, match="there already") as caught:
            draft_pipeline(scripts, there)
        assert "--output" in str(caught.value.fix)
    assert file.read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    ("folder", "file", "said"),
    [
        ("gone", "pipeline.yaml", "There is no folder"),
        ("x" * 300, "pipeline.yaml", "There is no folder"),
        ("empty", "pipeline.yaml", "No script in .* can become a node"),
        ("mainless", "pipeline.yaml", "shared.py has no function main"),
        ("s", "gone/pipeline.yaml", "cannot be written: No such file or directory"),
    ],
)
def test_what_cannot_be_drafted_is_refused(tmp_path, folder, file, said):
    """Without scripts, or a place for the file, nothing is written and the reason told."""
    (tmp_path / "empty").mkdir()
    folder_of(tmp_path / "mainless", shared="LIMIT = 5\n")
    folder_of(tmp_path / "s", score=SCORE)
    with pytest.raises(PipelineError, match=said):
        draft_pipeline(tmp_path / folder, tmp_path / file)
    assert not (tmp_path / file).exists()


def test_the_first_line_points_editors_at_the_schema(tmp_path):
    """It lies beside the draft, however deep that is, and the draft fits it."""
    target = tmp_path / "deep" / "pipeline.yaml"
    target.parent.mkdir()
    done = draft_pipeline(churn(tmp_path), target)
    pointer = target.read_text().partition("\n")[0].rpartition("$schema=")[2]
    assert str(target.parent / pointer) == done.schema
    schema = json.loads((target.parent / pointer).read_text())
    assert Draft7Validator(schema).is_valid(read_tree(str(target)).plain)


def test_a_draft_beside_a_foreign_schema_points_nowhere(tmp_path):
    """Somebody else's file of that name stays, and no line names it."""
    taken = tmp_path / "runthrough.schema.json"
    taken.write_text("[]")
    done = draft_pipeline(churn(tmp_path), tmp_path / "pipeline.yaml")
    assert done.schema is None
    assert "$schema" not in (tmp_path / "pipeline.yaml").read_text()
    assert taken.read_text() == "[]"


def test_a_refused_draft_leaves_no_schema(tmp_path):
    """Where the file is there already, nothing is laid beside it."""
    (tmp_path / "pipeline.yaml").write_text("mine")
    with pytest.raises(PipelineFileError, match="there already"):
        draft_pipeline(churn(tmp_path), tmp_path / "pipeline.yaml")
    assert not (tmp_path / "runthrough.schema.json").exists()
