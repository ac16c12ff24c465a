"""The JSON Schema of pipeline files says what the loader does: neither more nor less."""

import json
import re
import tempfile
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.support.strategies import JSON_VALUES

from runthrough.adapters.pipeline_files import load_pipeline, pipeline_schema
from runthrough.adapters.pipeline_files.editing import (
    SCHEMA_FILE,
    lay_schema,
    schema_line,
    schema_text,
    write_schema,
)
from runthrough.adapters.pipeline_files.shape import PipelineShape
from runthrough.adapters.pipeline_files.texts import read_tree
from runthrough.entrypoints.cli.demo import _lay_out
from runthrough.errors import PipelineError, PipelineFileError

ROOT = Path(__file__).parents[3]
SCHEMA = pipeline_schema()
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)
NODE = {"$ref": "#/definitions/NodeShape"}


def fits(tree):
    """Whether an editor would find nothing wrong."""
    return VALIDATOR.is_valid(tree)


def shape_mistakes(tree):
    """What the loader has against the shape; rules of single texts and sizes are not of it."""
    try:
        PipelineShape.model_validate(tree)
    except ValidationError as error:
        return [one["type"] for one in error.errors() if one["type"] != "value_error"]
    return []


def accepted(tree):
    """Whether the loader takes a tree as a pipeline file in JSON."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pipeline.json"
        file.write_text(json.dumps(tree))
        try:
            load_pipeline(file)
        except PipelineError:
            return False
        return True


def pipeline_files():
    """Every file of the repository that stands where a pipeline file may stand."""
    files = [path for kind in ("yaml", "yml") for path in (ROOT / "tests").rglob(f"*.{kind}")]
    shipped = [*(ROOT / "src").rglob("*.yaml"), *(ROOT / "docs").rglob("*.yaml")]
    return sorted(path for path in (*files, *shipped) if path.name.startswith("pipeline"))


def written_in_docs():
    """The pipelines that pages and their tests' texts show, by where they stand."""
    blocks = []
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        for block in re.findall(
            r"^```yaml\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL
        ):
            if re.search(r"^(nodes|edges):", block, re.MULTILINE):
                blocks.append(pytest.param(block, id=f"{page.name}-{len(blocks)}"))
    return blocks


@pytest.mark.parametrize(
    "file", [pytest.param(path, id=str(path.relative_to(ROOT))) for path in pipeline_files()]
)
def test_every_pipeline_file_of_the_repository_fits(file):
    """What people wrote and the loader takes, editors take too."""
    load_pipeline(file)
    assert [error.message for error in VALIDATOR.iter_errors(read_tree(str(file)).plain)] == []


@pytest.mark.parametrize("block", written_in_docs())
def test_every_pipeline_of_the_documentation_fits(block, tmp_path):
    """A page never shows a pipeline that an editor would underline."""
    file = tmp_path / "pipeline.yaml"
    file.write_text(block)
    assert fits(read_tree(str(file)).plain)


NAMES = st.sampled_from(["A", "B.b", "in put", "Ü"])
PATHS = st.sampled_from(["data/a.csv", "/shared/b", "../up", ".", "a b"])
JUNK = JSON_VALUES | st.sampled_from(["", -1, 0, 0.5, True, [], {}, [["A"]], {"secret": 5}])


def nearly(good, junk=JUNK):
    """Mostly what is allowed, else anything."""
    return st.one_of(good, good, good, junk)


def mapping(**values):
    """Any choice of keys, sometimes one that is unknown."""
    known = st.fixed_dictionaries({}, optional=values)
    unknown = st.dictionaries(st.sampled_from(["inptus", "Name", "from "]), JUNK, max_size=1)
    return st.one_of(known, known, known, st.builds(lambda a, b: {**a, **b}, known, unknown))


SOURCES = mapping(**{"from": nearly(st.just("A.out")), "subpath": nearly(st.none() | PATHS)})
VARIABLES = nearly(
    st.sampled_from(["text", ""]) | mapping(secret=nearly(st.just("NAME")), plain=nearly(PATHS))
)
LIMITS = mapping(
    memory=nearly(st.sampled_from(["2GiB", 5, "10 MB"])),
    cpu_s=nearly(st.just(3) | st.none()),
    open_files=nearly(st.just(64)),
)
NODES = mapping(
    external=nearly(st.booleans()),
    script=nearly(PATHS | st.none()),
    inputs=nearly(st.dictionaries(NAMES, nearly(PATHS | SOURCES), max_size=2) | st.none()),
    outputs=nearly(st.dictionaries(NAMES, nearly(PATHS), max_size=2)),
    environ_vars=nearly(st.dictionaries(NAMES, VARIABLES, max_size=2)),
    job_args=nearly(st.dictionaries(NAMES, JUNK, max_size=2)),
    timeout_s=nearly(st.sampled_from([1, 0.5, None])),
    limits=nearly(LIMITS),
    python=nearly(PATHS),
)
PIPELINES = mapping(
    **{"$schema": nearly(st.just(SCHEMA_FILE))},
    name=nearly(NAMES),
    scripts=nearly(st.lists(nearly(PATHS), max_size=2)),
    python=nearly(PATHS),
    inherit_env=nearly(st.lists(nearly(st.just("HOME")), max_size=2)),
    registry=nearly(st.dictionaries(NAMES, nearly(PATHS), max_size=2)),
    nodes=nearly(st.dictionaries(NAMES, nearly(NODES | st.none()), max_size=2)),
    edges=nearly(st.lists(nearly(st.lists(NAMES, min_size=2, max_size=2)), max_size=2)),
)


@settings(max_examples=150)
@given(tree=nearly(PIPELINES))
def test_a_tree_with_a_mistake_of_shape_does_not_fit(tree):
    """Law: what the loader refuses for its shape, an editor underlines."""
    if shape_mistakes(tree) and not whole_numbers_as_fractions(tree):
        assert not fits(tree)


@settings(max_examples=150)
@given(tree=PIPELINES)
def test_what_the_loader_takes_fits(tree):
    """Law: an editor never underlines what the loader takes."""
    if accepted(tree):
        assert [error.message for error in VALIDATOR.iter_errors(tree)] == []


def whole_numbers_as_fractions(tree):
    """Whether `2.0` stands somewhere: JSON Schema calls it an integer, the loader does not."""
    if isinstance(tree, float):
        return tree.is_integer()
    parts = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    return any(map(whole_numbers_as_fractions, parts))


@pytest.mark.parametrize(
    "text",
    [
        "nodes: {A: {inptus: {}}}",
        "node: {A: {}}",
        "nodes: [A]",
        "nodes: {}",
        "edges: []",
        "name: empty",
        "nodes: {A: 5}",
        "nodes: {A: {external: yes please}}",
        "nodes: {A: {external: true, script: a.py}}",
        "nodes: {A: {script: ~/a.py}}",
        "nodes: {A: {script: ''}}",
        "nodes: {A: {script: ' '}}",
        "nodes: {A: {outputs: {o: [a]}}}",
        "nodes: {A: {inputs: {i: {subpath: a}}}, B: {}}",
        "nodes: {A: {inputs: {i: {from: B.o, sub: a}}}, B: {}}",
        "nodes: {A: {inputs: {i: {from: Bo}}}, B: {}}",
        "nodes: {A: {inputs: {i: {from: B.}}}, B: {}}",
        "nodes: {A: {inputs: {i: {from: B.o, subpath: ../up}}}, B: {}}",
        "nodes: {A: {inputs: {i: {from: B.o, subpath: a/..}}}, B: {}}",
        "nodes: {A: {inputs: {i: {from: B.o, subpath: /a}}}, B: {}}",
        "nodes: {A: {environ_vars: {N: 1}}}",
        "nodes: {A: {environ_vars: {N: {secret: S, plain: p}}}}",
        "nodes: {A: {timeout_s: 0}}",
        "nodes: {A: {timeout_s: '5'}}",
        "nodes: {A: {limits: {memory: 2 parsecs}}}",
        "nodes: {A: {limits: {cpu_s: 0}}}",
        "nodes: {A: {}}\nedges: [[A]]",
        "nodes: {A: {}}\nedges: [[A, B, C]]",
        "nodes: {A: {}}\nscripts: scripts",
    ],
)
def test_common_mistakes_are_underlined_and_refused(text, tmp_path):
    """The loader and the schema refuse the same file."""
    file = tmp_path / "pipeline.yaml"
    file.write_text(text)
    assert not fits(read_tree(str(file)).plain)
    with pytest.raises(PipelineFileError):
        load_pipeline(file)


def test_every_key_is_told_to_whoever_points_at_it():
    """An editor's hover has a sentence for each key and each kind of mapping."""
    shapes = {"pipeline": SCHEMA, **SCHEMA["definitions"]}
    untold = [
        f"{name}.{key}"
        for name, shape in shapes.items()
        for key, told in shape.get("properties", {}).items()
        if not told.get("description", "").endswith((".", "}"))
    ]
    assert untold == []
    assert all(s.get("description") for name, s in shapes.items() if name != "JsonValue")


def test_every_example_is_one():
    """What an editor offers for a key is allowed there."""
    shown = 0
    for shape in (SCHEMA, *SCHEMA["definitions"].values()):
        for key, told in shape.get("properties", {}).items():
            part = jsonschema.Draft7Validator({**told, "definitions": SCHEMA["definitions"]})
            for example in told.get("examples", ()):
                shown += 1
                assert part.is_valid(example), key
    assert shown > 15


def test_the_schema_keeps_to_what_all_editors_understand():
    """It is draft 7, where a reference has no neighbours, and says no default that is null."""
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert '"default": null' not in schema_text()
    assert "$defs" not in schema_text()

    def parts(tree):
        below = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
        yield tree
        for part in below:
            yield from parts(part)

    references = [p for p in parts(SCHEMA) if isinstance(p, dict) and "$ref" in p]
    assert references
    assert all(set(one) == {"$ref"} for one in references)


def test_the_line_and_the_key_say_nothing_to_the_loader(tmp_path):
    """A file reads the same with the line for editors, with the key, and with neither."""
    body = "nodes: {A: {}}\n"
    told = {
        "plain.yaml": body,
        "line.yaml": f"{schema_line()}\n{body}",
        "key.yaml": f"$schema: {SCHEMA_FILE}\n{body}",
        "key.json": json.dumps({"$schema": SCHEMA_FILE, **yaml.safe_load(body)}),
    }
    for name, text in told.items():
        (tmp_path / name).write_text(text)
    read = [load_pipeline(tmp_path / name).declaration for name in told]
    assert [one.nodes for one in read] == [read[0].nodes] * len(told)


def test_the_line_is_one_that_language_servers_take():
    """A comment with the name of the server, a colon, and a reference without spaces."""
    assert re.fullmatch(r"#\s+yaml-language-server\s*:\s+\$schema=\S+", schema_line())


def test_a_schema_of_ours_is_brought_up_to_date_and_others_stay(tmp_path):
    """An older schema is replaced; a file of somebody else with its name is left as it is."""
    place = tmp_path / SCHEMA_FILE
    place.write_text(json.dumps({"title": "runthrough pipeline", "type": "object"}))
    assert lay_schema(tmp_path)
    assert place.read_text() == schema_text()
    place.write_text('{"title": "something else"}')
    assert not lay_schema(tmp_path)
    assert place.read_text() == '{"title": "something else"}'
    with pytest.raises(PipelineFileError, match="another file is there already") as refused:
        write_schema(place)
    assert "--force" in refused.value.fix
    write_schema(place, force=True)
    assert place.read_text() == schema_text()


BROKEN = {"too deep": "[" * 100_000, "text": "no JSON", "a list": "[]", "no UTF-8": "\udcff"}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_read_as_a_schema_is_somebody_elses(tmp_path, text):
    """However it is broken, it stays, and nothing fails for it."""
    place = tmp_path / SCHEMA_FILE
    place.write_text(text, errors="surrogateescape")
    assert not lay_schema(tmp_path)
    assert place.read_text(errors="surrogateescape") == text


def test_a_schema_that_is_there_is_not_touched(tmp_path):
    """The same text is not written again, so that nothing that watches the folder stirs."""
    lay_schema(tmp_path)
    before = (tmp_path / SCHEMA_FILE).stat()
    lay_schema(tmp_path)
    after = (tmp_path / SCHEMA_FILE).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_a_folder_that_is_not_there_is_told(tmp_path):
    """A schema that cannot be written is an error with its place."""
    with pytest.raises(PipelineFileError, match="cannot be written: No such file"):
        write_schema(tmp_path / "nowhere" / SCHEMA_FILE)


def test_the_demo_points_at_a_schema_that_is_laid_beside_it(tmp_path):
    """Whoever opens the demo's pipeline file has help from the first moment, and again later."""
    for _ in range(2):  # the demo makes its folder anew each time
        _lay_out(tmp_path / "demo", "demo")
        first = (tmp_path / "demo" / "pipeline.yaml").read_text().partition("\n")[0]
        assert first == schema_line()
        assert (tmp_path / "demo" / SCHEMA_FILE).read_text() == schema_text()
