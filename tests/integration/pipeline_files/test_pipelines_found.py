"""Pipeline files that are found below folders."""

import json

import pytest

from runthrough.adapters.pipeline_files import finding
from runthrough.adapters.pipeline_files.finding import pipelines_below


def found(folder, allowed=lambda path: True):
    return [path.removeprefix(f"{folder}/") for path in pipelines_below([str(folder)], allowed)]


@pytest.fixture
def folder(tmp_path):
    """Two pipelines in YAML, one in JSON, a definition, and files that are none."""
    files = {
        "b.yaml": "nodes: {a: {}}\n",
        "a.yml": "name: x\nedges:\n  - [a, b]\n",
        "deep/c.json": json.dumps({"nodes": {}}),
        "deep/steps.json": json.dumps({"Version": "2020-12-01", "Steps": []}),
        "settings.yaml": "other:\n  nodes: 3\n",
        "package.json": json.dumps({"name": "x"}),
        "nodes.txt": "nodes: {}\n",
        ".hidden/d.yaml": "nodes: {}\n",
        "bytes.yaml": b"\xff\xfe\x00nodes",
    }
    for name, text in files.items():
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text if isinstance(text, bytes) else text.encode())
    return tmp_path


def test_what_looks_like_a_pipeline_is_found_the_nearest_first(folder):
    """By a key at the beginning of a line, or by a key of JSON; hidden folders are left out."""
    assert found(folder) == ["a.yml", "b.yaml", "deep/c.json", "deep/steps.json"]


def test_what_may_not_be_touched_is_not_opened(folder):
    """A link may lead out of the folders, which only whoever confines can tell."""
    assert found(folder, lambda path: "deep" not in path) == ["a.yml", "b.yaml"]


def test_a_file_that_is_gone_or_a_folder_is_none(folder):
    """What cannot be read is left out."""
    (folder / "link.yaml").symlink_to(folder / "nowhere")
    (folder / "folder.yaml").mkdir()
    assert found(folder) == ["a.yml", "b.yaml", "deep/c.json", "deep/steps.json"]


def test_no_more_are_found_than_somebody_would_read(folder, monkeypatch):
    """Neither found nor opened."""
    monkeypatch.setattr(finding, "FOUND", 1)
    assert found(folder) == ["a.yml"]
    monkeypatch.setattr(finding, "FOUND", 60)
    monkeypatch.setattr(finding, "READ", 1)
    assert found(folder) == ["a.yml"]


@pytest.mark.parametrize("dialect", ["http://json-schema.org/draft-07/schema#", None])
def test_a_json_schema_of_pipelines_is_none(folder, dialect):
    """`init` writes one beside the pipeline; a pipeline that names its own schema is found."""
    told = {"$schema": dialect or "./runthrough.schema.json", "nodes": {}}
    (folder / "c.json").write_text(json.dumps(told, indent=2))
    assert ("c.json" in found(folder)) == (dialect is None)
