"""The pages about tests without a session: their programs run as they stand."""

import io
import re
import tarfile
from pathlib import Path

import pytest
from tests.support.pipelines import ORDERS, orders

import runthrough
from runthrough.adapters.archives import BOUNDS
from runthrough.adapters.inference import CONTENT_TYPES
from runthrough.adapters.inference.inference_driver import OPTIONAL, REQUIRED

PAGES = Path(__file__).parents[2] / "docs"
PROGRAM = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HANDLERS = """
def model_fn(model_dir):
    return 3


def predict_fn(rows, model):
    return [model * row for row in rows]
"""


def page(name):
    """The text of a page, and its programs as one."""
    text = (PAGES / name).read_text(encoding="utf-8")
    return text, "\n".join(PROGRAM.findall(text))


def test_the_programs_about_pipelines_run(tmp_path):
    """In their order, over the pipeline of orders."""
    place, _ = orders(tmp_path)
    place.file("workspace/data/orders.csv", ORDERS)
    place.python(page("how-to/test-without-a-session.md")[1])
    assert (place.workspace / "output/WriteReport/report").read_text() == "ada"


def test_the_program_about_handlers_runs(tmp_path):
    """Over a small model, and prints what the handlers answered."""
    place, _ = orders(tmp_path)
    place.file("workspace/code/inference.py", HANDLERS)
    place.file("workspace/payloads/one.json", "[1, 2]")
    with tarfile.open(place.workspace / "model.tar.gz", "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("model.json"), io.BytesIO())
    told = place.python(page("how-to/test-an-inference-handler.md")[1])
    assert told == "one.json application/json [3, 6]\n"


def test_the_page_tells_handlers_suffixes_and_bounds_as_they_are():
    """Which handlers are needed, what suffixes are known, and where archives are refused."""
    text = page("how-to/test-an-inference-handler.md")[0]
    rows = re.findall(r"^\| `(\w+)\(.*?\)` \| (yes|no) \|", text, re.MULTILINE)
    assert {n for n, needed in rows if needed == "yes"} == set(REQUIRED)
    assert {n for n, needed in rows if needed == "no"} == set(OPTIONAL)
    assert all(f"`{suffix}`" in text for suffix in CONTENT_TYPES)
    assert f"{BOUNDS.members:,} members" in text
    assert f"{BOUNDS.total_bytes >> 30} GiB" in text
    assert f"{BOUNDS.ratio} times" in text


@pytest.mark.parametrize(
    "result", ["ScriptTestResult", "DataCompatibilityResult", "InferenceTestResult"]
)
def test_every_field_of_a_result_is_told(result):
    """The row of each result in the reference names all of its fields."""
    text = page("reference/python.md")[0]
    row = re.search(rf"^\| `{result}` \| (.*) \|$", text, re.MULTILINE)
    fields = getattr(runthrough, result).model_fields
    assert [name for name in fields if f"`{name}`" not in row[1]] == []


def test_every_method_of_the_tester_is_told():
    """With each of its parameters."""
    text = page("reference/python.md")[0]
    methods = [name for name in vars(runthrough.RuntimeTester) if not name.startswith("_")]
    assert len(methods) == 6
    assert [name for name in methods if f"| `{name}(" not in text] == []
