"""Reading pipeline files from disk."""

import json
import os
import subprocess
import sys
import traceback
from pathlib import Path

import pytest

from runthrough.adapters.pipeline_files import load_pipeline, pipeline_schema
from runthrough.core.values.connections import Output
from runthrough.core.values.limits import Limits
from runthrough.core.values.pipelines import NodeDeclaration
from runthrough.errors import PipelineCycleError, PipelineFileError

SCHEMA = Path(__file__).parents[3] / "docs" / "reference" / "pipeline.schema.json"

WHOLE = """\
name: xgboost_complete_e2e
scripts: [scripts, /shared/scripts]
python: ../envs/train/bin/python
inherit_env: [CUDA_VISIBLE_DEVICES]
registry: {Clean: tools/clean.py}
nodes:
  Load_training: {external: true, outputs: {DATA: data/training}}
  Prepare_training:
    script: scripts/prepare.py
    inputs: {data_input: {from: Load_training.DATA}, extra: /abs/extra.csv}
    environ_vars: {LABEL_FIELD: label, TOKEN: {secret: NAME}, MODE: {plain: "5"}}
    job_args: {job_type: training, depth: 3, rate: 1e-1, on: [no, null], key: {secret: OTHER}}
    timeout_s: 600
    limits: {memory: 2GiB, open_files: 256}
    python: python3.12
  Train:
    inputs: {input_path: {from: Prepare_training.data_output, subpath: train}}
  Clean:
edges:
  - [Load_training, Prepare_training]
  - [Prepare_training, Train]
  - [Clean, Report]
"""


def written(folder, text, name="pipeline.yaml"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def refused(folder, text, name="pipeline.yaml"):
    with pytest.raises(PipelineFileError) as caught:
        load_pipeline(written(folder, text, name))
    return caught.value


def test_a_whole_pipeline_file_is_read(tmp_path):
    """Every part of a pipeline file arrives in the declaration, with recorded paths."""
    definition = load_pipeline(written(tmp_path, WHOLE))
    declared = definition.declaration
    assert definition.folder == str(tmp_path)
    assert definition.file == str(tmp_path / "pipeline.yaml")
    assert definition.name == "xgboost_complete_e2e"
    assert declared.file == "pipeline:pipeline.yaml"
    assert declared.scripts == ("pipeline:scripts", "abs:/shared/scripts")
    assert declared.python == "pipeline:../envs/train/bin/python"
    assert declared.inherit_env == ("CUDA_VISIBLE_DEVICES",)
    assert declared.registry == {"Clean": "pipeline:tools/clean.py"}
    assert declared.nodes["Load_training"] == NodeDeclaration(
        external=True, outputs={"DATA": "pipeline:data/training"}
    )
    assert declared.nodes["Prepare_training"] == NodeDeclaration(
        script="pipeline:scripts/prepare.py",
        inputs={"data_input": Output("Load_training", "DATA"), "extra": "abs:/abs/extra.csv"},
        environ_vars={"LABEL_FIELD": "label", "TOKEN": {"secret": "NAME"}, "MODE": {"plain": "5"}},
        job_args={
            "job_type": "training",
            "depth": 3,
            "rate": 0.1,
            "on": ["no", None],
            "key": {"secret": "OTHER"},
        },
        timeout_s=600,
        limits=Limits(memory_bytes=2 * 2**30, open_files=256),
        python="python3.12",
    )
    assert declared.nodes["Train"].inputs == {
        "input_path": Output("Prepare_training", "data_output", "train")
    }


def test_nodes_keep_their_order_and_nodes_of_edges_follow(tmp_path):
    """A node may have nothing to say, and one that stands only in an edge is declared too."""
    definition = load_pipeline(written(tmp_path, WHOLE))
    assert list(definition.declaration.nodes) == [
        "Load_training",
        "Prepare_training",
        "Train",
        "Clean",
        "Report",
    ]
    assert definition.declaration.nodes["Clean"] == NodeDeclaration()
    assert definition.dag.nodes == tuple(definition.declaration.nodes)


def test_a_declared_connection_implies_its_edge(tmp_path):
    """A connection needs no edge of its own in the file."""
    text = "nodes:\n  A:\n  B: {inputs: {x: {from: A.out}}}\n"
    definition = load_pipeline(written(tmp_path, text))
    assert definition.declaration.edges == ()
    assert definition.dag.edges == (("A", "B"),)
    assert definition.name == "pipeline"


def test_json_is_read_as_well(tmp_path):
    """A JSON file says the same, also with tabs, exponents and escapes beyond 65,536."""
    said = {"nodes": {"A": {"job_args": {"face": "\U0001f600 \\ud83d", "rate": 1e22}}}}
    text = json.dumps(said, indent="\t")
    assert "\\ud83d\\ude00" in text
    declared = load_pipeline(written(tmp_path, text, "p.json")).declaration
    assert declared.nodes["A"].job_args == said["nodes"]["A"]["job_args"]


def test_anchors_and_merges_share_what_is_said_once(tmp_path):
    """An anchor is repeated by its alias, and `<<` takes over what the mapping does not say."""
    text = (
        "nodes:\n"
        "  A: &shared {timeout_s: 5, environ_vars: &env {X: x}}\n"
        "  B: {<<: *shared, timeout_s: 6}\n"
        "  C: {environ_vars: *env}\n"
        "  D: {<<: [{timeout_s: 7}, *shared]}\n"
    )
    nodes = load_pipeline(written(tmp_path, text)).declaration.nodes
    assert (nodes["B"].timeout_s, nodes["B"].environ_vars) == (6, {"X": "x"})
    assert nodes["C"].environ_vars == {"X": "x"}
    assert (nodes["D"].timeout_s, nodes["D"].environ_vars) == (7, {"X": "x"})


def test_paths_are_relative_to_the_file_wherever_one_stands(tmp_path, monkeypatch):
    """A file named relative to the current folder gives the same absolute roots."""
    (tmp_path / "sub").mkdir()
    written(tmp_path / "sub", "nodes: {A: {script: a.py}}")
    monkeypatch.chdir(tmp_path)
    definition = load_pipeline("sub/../sub/pipeline.yaml")
    assert definition.folder == str(tmp_path / "sub")
    assert definition.declaration.nodes["A"].script == "pipeline:a.py"


def test_a_source_is_split_at_the_last_dot_that_follows_a_node(tmp_path):
    """Names of nodes and outputs may hold dots; the longest known node wins."""
    text = (
        "nodes:\n  a:\n  a.b:\n"
        "  c: {inputs: {x: {from: a.b.c}, y: {from: a.d.e}, z: {from: a.b.c.d}}}\n"
    )
    inputs = load_pipeline(written(tmp_path, text)).declaration.nodes["c"].inputs
    assert inputs["x"] == Output("a.b", "c")
    assert inputs["y"] == Output("a", "d.e")
    assert inputs["z"] == Output("a.b", "c.d")


def test_a_byte_order_mark_is_no_mistake(tmp_path):
    """A file that begins with UTF-8's byte order mark is read."""
    assert load_pipeline(written(tmp_path, b"\xef\xbb\xbfname: n\nnodes: {A: }")).name == "n"


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ("nodes: {A: [}", 1, 13, "not YAML"),
        ("nodes:\n\tA:", 2, 1, "not YAML"),
        ("nodes: {A: }\n---\nnodes: {B: }", 2, 1, "second document"),
        ("nodes:\n  A:\n  A:", 3, 3, "'A' stands twice; first on line 2"),
        ("nodes:\n  A: *gone", 2, 6, "anchored as &gone"),
        ("nodes: {A: !!python/object:os.x {}}", 1, 12, "tag"),
        ("nodes: {A: {job_args: {1: x}}}", 1, 24, "a key must be a text"),
        ("nodes: {A: {<<: 5}}", 1, 17, "`<<` takes a mapping"),
        ("nodes: {A: {job_args: {x: .inf}}}", 1, 27, "JSON can hold"),
        ("nodes: {A: {job_args: {x: 1e999}}}", 1, 27, "JSON can hold"),
        (f"nodes: {{A: {{job_args: {{x: {'9' * 5000}}}}}}}", 1, 27, "too long"),
        ("nodes:\n  A: {job_args: {x: " + "[" * 150 + "]" * 150 + "}}", 2, 118, "100 deep"),
        ("name: a\nnodes: {\x07: }", 2, 9, "control character"),
        ("name: a\n# caf\u00e9 \u00e9\n".encode() + b"x: \xff", 3, 4, "not UTF-8"),
        ("- a", 1, 1, "a pipeline file must be a mapping"),
        ("nodez: {A: }", 1, 1, "unknown key nodez"),
        ("nodes:\n  A: {inptus: {}}", 2, 7, "unknown key nodes.A.inptus"),
        ("nodes:\n  A: {inputs: {x: {from: A.b, sub: c}}}", 2, 31, "unknown key .*x.sub"),
        ("nodes:\n  A: {inputs: {x: {}}}", 2, 19, "lacks the key 'from'"),
        ("nodes:\n  A: {inputs: {x: {from: B}}}", 2, 26, "written Node.output"),
        ("nodes:\n  A: {inputs: {x: 5}}", 2, 19, "inputs.x must be a text"),
        ("nodes:\n  A: {inputs: {x: ~/data}}", 2, 19, "`~` is not expanded"),
        ("nodes:\n  A: {inputs: {x: ''}}", 2, 19, "must not be empty"),
        ("nodes:\n  A: {inputs: {a/b: x}}", 2, 16, "must not be a path"),
        ("nodes:\n  A: {inputs: {x: {from: A.b, subpath: ../c}}}", 2, 40, "lead into the output"),
        ("nodes:\n  A: {environ_vars: {X: 5}}", 2, 25, "X must be a text"),
        ("nodes:\n  A: {environ_vars: {X: true}}", 2, 25, "X must be a text"),
        ("nodes:\n  A: {environ_vars: {X: }}", 2, 25, "X must be a text"),
        ("nodes:\n  A: {environ_vars: {a=b: x}}", 2, 22, "variable's name"),
        ("nodes:\n  A: {job_args: [x]}", 2, 17, "job_args must be a mapping"),
        ("nodes:\n  A: {timeout_s: '5'}", 2, 18, "timeout_s must be a number"),
        ("nodes:\n  A: {timeout_s: 0}", 2, 18, "timeout_s must be above 0"),
        (
            "nodes:\n  A: {limits: {memory: 2gigs}}",
            2,
            24,
            "limits.memory: the limit memory is bytes",
        ),
        ("nodes:\n  A: {limits: {cpu_s: 0}}", 2, 23, "limits.cpu_s must be above 0"),
        ("nodes:\n  A: {external: yes}", 2, 17, "external must be true or false"),
        ("nodes:\n  A: {external: true, script: a.py}", 2, 6, "external node runs no script"),
        ("nodes:\n  a/b:", 2, 3, "must not be a path"),
        ("scripts: here\nnodes: {A: }", 1, 10, "scripts must be a list"),
        ("edges: [[a, b, c]]", 1, 9, "must be a pair"),
        ("edges: [[a]]", 1, 9, "must be a pair"),
        ("edges: [[a, 1]]", 1, 13, "edges.0.1 must be a text"),
        ("edges: [ab]", 1, 9, "edges.0 must be a list"),
        ("nodes:\n  Load:\n  B: {inputs: {x: {from: Loat.d}}}", 3, 26, "no node 'Loat'"),
        ("nodes:\n  E: {external: true}\n  B: {inputs: {x: {from: E.o}}}", 3, 26, "no output 'o'"),
        ("nodes: {Clean_up: , B: }\nedges:\n  - [B, clean-up]", 3, 9, "the node is 'Clean_up'"),
        ("name: nothing", 1, 1, "no nodes"),
    ],
)
def test_a_mistake_is_told_with_line_and_column(tmp_path, text, line, column, said):
    """Whatever is wrong in a file is told with what it is and the place where it stands."""
    error = refused(tmp_path, text)
    assert (error.line, error.column) == (line, column)
    assert f"{tmp_path}/pipeline.yaml:{line}:{column}: " in str(error)
    with pytest.raises(PipelineFileError, match=said):
        raise error


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ('{"nodes": {"A": null},\n "edges": [}', 2, 12, "not JSON: Expecting value"),
        ('{"nodes": {"A": null}}\n{}', 2, 1, "not JSON: Extra data"),
        ('{"nodes": {"A": null},}', 1, 23, "not JSON"),
        ('{nodes: {"A": null}}', 1, 2, "not JSON: Expecting property name"),
        ('{"nodes": {"A": {"job_args": {"x": NaN}}}}', 1, 36, "NaN is not a number"),
        ('{"nodes": {"A": {"job_args": {"x": -Infinity}}}}', 1, 36, "-Infinity is not a number"),
        ('{"nodes": {"A": null,\n"A": null}}', 2, 1, "'A' stands twice; first on line 1"),
        ('{"nodes": {"A": ' + "[" * 5000 + "]" * 5000 + "}}", 1, 116, "100 deep"),
        ("[]", 1, 1, "must be a mapping"),
    ],
)
def test_a_mistake_in_json_is_told_with_line_and_column(tmp_path, text, line, column, said):
    """A file that ends in `.json` must be JSON, and is read by its rules."""
    error = refused(tmp_path, text, "pipeline.json")
    assert (error.line, error.column) == (line, column)
    with pytest.raises(PipelineFileError, match=said):
        raise error


@pytest.mark.parametrize("text", ["nodes:\n\tA:\n", "nodes:\n  A:\n\tB:\n"])
def test_a_tab_is_told_as_what_it_is(tmp_path, text):
    """Indentation by tabs, which YAML forbids, comes with the way to mend it."""
    assert refused(tmp_path, text).fix == "indent with spaces, not tabs"


def test_an_external_nodes_output_must_be_declared(tmp_path):
    """A connection to what an external node does not declare names the nearest, or the way."""
    outside = "nodes:\n  E: {external: true, outputs: {DATA: data}}\n"
    near = refused(tmp_path, outside + "  B: {inputs: {x: {from: E.DATE}}}\n")
    assert near.fix == "did you mean 'DATA'?"
    other = refused(tmp_path, outside + "  B: {inputs: {x: {from: E.model}}}\n")
    assert other.fix == "declare where it lies: outputs: {model: PATH}"


def test_a_file_that_no_pipeline_is_as_large_as_is_refused(tmp_path):
    """A data file, or a device that never ends, is refused before it fills the memory."""
    path = tmp_path / "pipeline.yaml"
    with path.open("wb") as file:
        file.truncate(64 * 1024 * 1024 + 1)
    for place in (path, "/dev/zero"):
        with pytest.raises(PipelineFileError, match="larger than 64 MiB"):
            load_pipeline(place)


PLANTED = "AKIAABCDEFGHIJKLMNOP"


@pytest.mark.parametrize("name", ["pipeline.yaml", "pipeline.json"])
@pytest.mark.parametrize(
    "text",
    [
        '{"nodes": {"A": {"environ_vars": {"X": "PLANTED", "Y": 5}}}}',
        '{"nodes": {"A": {"environ_vars": {"X": ["PLANTED"]}}}}',
        '{"nodes": {"A": {"environ_vars": {"X": {"secret": ["PLANTED"]}}}}}',
        '{"nodes": {"A": {"environ_vars": ["PLANTED"]}}}',
        '{"nodes": {"A": {"job_args": "PLANTED"}}}',
        '{"nodes": {"A": {"timeout_s": "PLANTED"}}}',
        '{"nodes": {"A": {"external": "PLANTED"}}}',
        '{"nodes": {"A": {"environ_vars": {"X": "PLANTED}}}}',
        '{"nodes": {"A": {"environ_vars": {"X": "PLANTED" "Y"}}}}',
        '{"nodes": {"A": {"environ_vars": {"X": "PLANTED\\q"}}}}',
        '{"nodes": {"A": {"environ_vars": {"X": "PLANTED", "X": "PLANTED"}}}}',
        '{"edges": ["PLANTED"]}',
        '{"edges": [["PLANTED"]]}',
        '{"scripts": "PLANTED"}',
    ],
)
def test_a_secret_in_a_wrong_file_is_not_told(tmp_path, text, name):
    """Whatever is wrong beside a secret, neither the error nor its traceback shows it."""
    error = refused(tmp_path, text.replace("PLANTED", PLANTED), name)
    told = "".join(traceback.format_exception(error))
    assert PLANTED not in told


def test_all_mistakes_of_the_shape_are_told_at_once(tmp_path):
    """The first mistake leads, the others follow with their places, in the order of the file."""
    error = refused(tmp_path, "nodes:\n  A: {timeout_s: x}\n  B: {python: 5}\nedgez: []")
    assert error.line == 2
    lines = str(error).splitlines()
    assert [line.strip().split(":")[1] for line in lines[:3]] == ["2", "3", "4"]
    assert "did you mean 'edges'?" in lines[2]


def test_the_fix_below_several_mistakes_says_which_one_it_mends(tmp_path):
    """It stands below the last one, and belongs to the first."""
    error = refused(tmp_path, "nodes:\n  A: {inptus: {}}\n  B: {python: 5}\n")
    assert error.fix == "in line 2: did you mean 'inputs'?"


@pytest.mark.parametrize(
    ("text", "said", "fix"),
    [
        (
            "nodes: {A: {environ_vars: {X: {secret: N, plain: y}}}}",
            "nodes.A.environ_vars.X has both secret and plain",
            "take one of them out",
        ),
        (
            "nodes: {A: {environ_vars: {X: {secert: N}}}}",
            "nodes.A.environ_vars.X lacks the key 'secret'",
            "in line 1: add secret: VALUE to it",
        ),
        (
            "nodes: {A: {environ_vars: {secret: 5}}}",
            "nodes.A.environ_vars.secret must be a text",
            'write it in quotes: secret: "…"',
        ),
        ("edges: [[A, 5]]", "edges.0.1 must be a text", 'write it in quotes: "…"'),
        ("nodes: {A: {limits: {cpu_s: 1.5}}}", "limits.cpu_s must be a whole number", None),
        ("nodes: {A: {inputs: {connection: {}}}}", "inputs.connection lacks the key 'from'", ...),
    ],
)
def test_a_mistake_is_told_in_the_words_of_the_file(tmp_path, text, said, fix):
    """Names are those that are written there, and the fix can be followed as it is."""
    error = refused(tmp_path, text)
    assert said in error.message
    if fix is not ...:
        assert error.fix == fix


def test_a_flood_of_mistakes_is_cut(tmp_path):
    """Of many mistakes the first ones are told and the others counted."""
    error = refused(tmp_path, "nodes:\n" + "".join(f"  n{i}: 5\n" for i in range(30)))
    assert len(error.message.splitlines()) == 12
    assert "and 19 more" in str(error)


def test_an_unquoted_variable_is_told_how_to_be_written_and_not_shown(tmp_path):
    """A number where a text is needed is answered with the fix, never with the value."""
    error = refused(tmp_path, "nodes: {A: {environ_vars: {DB_PASSWORD: 31415926}}}")
    assert error.fix == 'write it in quotes: DB_PASSWORD: "…"'
    assert "31415926" not in str(error)
    assert error.__cause__ is None


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("nodes: {Load: , B: {inputs: {x: {from: Loat.d}}}}", "Load"),
        ("nodez: {}", "nodes"),
        ("nodes: {A: {environ_var: {}}}", "environ_vars"),
        ("nodes: {A: {inputs: {x: {frm: A.b}}}}", "from"),
    ],
)
def test_an_unknown_name_comes_with_the_nearest(tmp_path, text, near):
    """An unknown node or key is answered with the name that was probably meant."""
    assert f"did you mean '{near}'" in str(refused(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "cycle", "place"),
    [
        ("edges:\n  - [a, b]\n  - [b, a]", ("a", "b", "a"), "3:5"),
        ("edges: [[a, a]]", ("a", "a"), "1:9"),
        (
            "nodes:\n  a:\n    inputs: {x: {from: b.o}}\nedges: [[a, b]]",
            ("a", "b", "a"),
            "4:9",
        ),
        (
            "nodes:\n  a: {inputs: {x: {from: b.o}}}\n  b: {inputs: {y: {from: a.o}}}",
            ("a", "b", "a"),
            "3:19",
        ),
    ],
)
def test_a_cycle_is_named_with_the_file_and_its_last_edge(tmp_path, text, cycle, place):
    """A cycle of edges and connections is named, with the place of the edge written last."""
    path = written(tmp_path, text)
    with pytest.raises(PipelineCycleError) as caught:
        load_pipeline(path)
    assert caught.value.cycle == cycle
    assert str(caught.value).startswith(f"{path}:{place}: ")


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n"])
def test_an_empty_file_is_refused(tmp_path, text):
    """A file in which nothing stands is no pipeline."""
    assert "the file is empty" in str(refused(tmp_path, text))


def test_a_missing_file_is_refused(tmp_path):
    """A file that is not there is told by the path that was asked for."""
    with pytest.raises(PipelineFileError, match="no such file"):
        load_pipeline(tmp_path / "gone.yaml")


def test_a_folder_is_refused(tmp_path):
    """A folder is not a pipeline file, and the error says what to name instead."""
    with pytest.raises(PipelineFileError, match="a folder") as caught:
        load_pipeline(tmp_path)
    assert caught.value.fix == "name the pipeline file in it"


def test_a_path_below_a_file_is_refused(tmp_path):
    """What the system says of an impossible path reaches the user."""
    path = written(tmp_path, "nodes: {A: }")
    with pytest.raises(PipelineFileError, match="cannot be read: Not a directory"):
        load_pipeline(path / "below.yaml")


@pytest.mark.skipif(not hasattr(os, "setuid"), reason="needs POSIX users")
def test_an_unreadable_file_is_refused(tmp_path):
    """A file without permission is told as such; tried as an ordinary user."""
    path = written(tmp_path, "nodes: {A: }")
    path.chmod(0)
    program = (
        "import os, sys\n"
        "from runthrough.adapters.pipeline_files import load_pipeline\n"
        "from runthrough.errors import PipelineFileError\n"
        "fd = os.open(sys.argv[1], os.O_RDONLY | os.O_DIRECTORY); os.fchdir(fd)\n"
        "if os.getuid() == 0: os.setuid(65534)\n"
        "try: load_pipeline('pipeline.yaml')\n"
        "except PipelineFileError as error: sys.exit(str(error))\n"
    )
    for folder in [tmp_path, *tmp_path.parents[:2]]:
        folder.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert "cannot be read: Permission denied" in done.stderr


def test_aliases_of_aliases_are_refused_before_they_fill_the_memory(tmp_path):
    """A file that grows a thousandfold with each line is refused."""
    lines = ["job_args: &a0 [" + "x, " * 99 + "x]"]
    lines += [f"k{i}: &a{i} [" + f"*a{i - 1}, " * 99 + f"*a{i - 1}]" for i in range(1, 9)]
    assert "more than 1,000,000 values" in str(refused(tmp_path, "\n".join(lines)))


def test_the_published_schema_is_that_of_the_code():
    """The committed JSON Schema is current; the failure shows how to write it anew."""
    current = json.dumps(pipeline_schema(), indent=2) + "\n"
    assert SCHEMA.read_text() == current, "write json.dumps(pipeline_schema(), indent=2) there"


def test_a_dag_and_its_file_need_no_networkx(tmp_path):
    """Reading, checking and ordering import no networkx, which takes longer than all of it."""
    program = (
        "import sys; from runthrough.adapters.pipeline_files import load_pipeline;"
        "load_pipeline(sys.argv[1]).dag.topological_sort(); sys.exit('networkx' in sys.modules)"
    )
    path = written(tmp_path, WHOLE)
    assert subprocess.run([sys.executable, "-c", program, path], check=False).returncode == 0
