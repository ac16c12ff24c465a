"""Inference handlers through the public face: real archives, real payloads, real children."""

import io
import json
import tarfile
from pathlib import Path

import pytest
from tests.support.pipelines import tree

from runthrough import ArchiveError, RuntimeTester, ScriptNotFoundError, SettingError
from runthrough.core.values.tested import OUTPUT_PREVIEW_BYTES
from runthrough.errors import CommandInvalidError

HANDLERS = """
from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from beside import factor


@dataclass
class Model:
    slope: float


def model_fn(model_dir):
    return Model(json.loads((Path(model_dir) / "model.json").read_text())["slope"])


def input_fn(body, content_type):
    if content_type == "application/json":
        return json.loads(body)["instances"]
    return [float(line) for line in body.splitlines()]


def predict_fn(rows, model):
    return [factor * model.slope * row for row in rows]


def output_fn(predictions, accept):
    return json.dumps({"answers": predictions})
"""
BARE = """
import json
def model_fn(model_dir): return 2
def predict_fn(rows, model): return rows
"""
MODEL = {"model.json": b'{"slope": 2.0}'}


@pytest.fixture
def workspace(tmp_path):
    """A folder with handlers, a module beside them, a packed model and two payloads."""
    folder = tmp_path / "workspace"
    for name in ("code", "payloads"):
        (folder / name).mkdir(parents=True)
    (folder / "code/inference.py").write_text(HANDLERS)
    (folder / "code/beside.py").write_text("factor = 10\n")
    (folder / "payloads/one.json").write_text('{"instances": [1, 2]}')
    (folder / "payloads/two.csv").write_text("3\n4\n")
    packed(folder / "model.tar.gz", MODEL)
    return folder


def packed(path, files):
    """A tar.gz of files by name."""
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def served(workspace, source=None, **how):
    """Test the handlers of a workspace, of another source where it is given."""
    handler = workspace / "code/inference.py"
    if source is not None:
        handler.write_text(source)
    given = {
        "handler_path": handler,
        "model_archive": workspace / "model.tar.gz",
        "payloads": workspace / "payloads",
        **how,
    }
    return RuntimeTester(workspace).test_inference_handlers(**given)


def test_a_packed_model_serves_every_payload(workspace):
    """Each stage is timed, each answer shown, and the user's folders stay as they are."""
    before = tree(workspace)
    result = served(workspace)
    assert result.success
    assert (result.outcome, result.error_message, result.failed_stage) == ("passed", None, None)
    assert {s.name: (s.content_type, s.output_preview) for s in result.samples} == {
        "one.json": ("application/json", '{"answers": [20.0, 40.0]}'),
        "two.csv": ("text/csv", '{"answers": [60.0, 80.0]}'),
    }
    assert set(result.seconds) == {"import", "model_fn"}
    assert set(result.samples[0].seconds) == {"input_fn", "predict_fn", "output_fn"}
    assert (result.missing_handlers, result.default_handlers) == ((), ())
    assert Path(result.log).is_file()
    after = {n: c for n, c in tree(workspace).items() if not n.startswith(".runthrough")}
    assert after == before


def test_handlers_and_payloads_may_be_packed_too(workspace):
    """`code/inference.py` of the archive serves what another archive holds."""
    code = {f"code/{p.name}": p.read_bytes() for p in (workspace / "code").iterdir()}
    model = packed(workspace / "whole.tar.gz", {**MODEL, **code})
    payloads = packed(workspace / "p.tar.gz", {"a/x.json": b'{"instances": [1]}'})
    result = served(workspace, handler_path=None, model_archive=model, payloads=payloads)
    assert [sample.name for sample in result.samples] == ["a/x.json"]
    assert result.success
    with pytest.raises(ScriptNotFoundError, match="inference"):
        served(workspace, handler_path=None)


def test_a_single_file_is_a_payload(workspace):
    """Its content type is told by its suffix, or given."""
    assert served(workspace, payloads=workspace / "payloads/two.csv").success
    (workspace / "LOUD.JSON").write_text('{"instances": [1]}')
    assert served(workspace, payloads=workspace / "LOUD.JSON").success
    (workspace / "odd.bin").write_text("5\n")
    result = served(workspace, payloads=workspace / "odd.bin", content_type="text/csv")
    assert result.samples[0].output_preview == '{"answers": [100.0]}'


@pytest.mark.parametrize(
    ("stage", "source"),
    [
        ("import", "import not_there_at_all\n"),
        ("import", "def broken(:\n"),
        ("model_fn", HANDLERS.replace('"model.json"', '"absent.json"')),
        ("input_fn", HANDLERS.replace('["instances"]', '["rows"]')),
        ("predict_fn", HANDLERS.replace("factor * model", "factor / 0 * model")),
        ("output_fn", HANDLERS.replace('return json.dumps({"answers": predictions})', "pass")),
        ("output_fn", HANDLERS.replace("json.dumps(", "str(")),
        ("predict_fn", HANDLERS.replace("return [factor", "raise SystemExit(0); return [factor")),
    ],
)
def test_the_stage_that_failed_is_told(workspace, stage, source):
    """With what was raised; the log has the whole traceback."""
    result = served(workspace, source)
    assert (result.success, result.failed_stage) == (False, stage)
    assert result.error_message
    assert "Traceback" in Path(result.log).read_text()


def test_one_bad_payload_does_not_stop_the_others(workspace):
    """It is told with the line of the handlers, and the next one is served."""
    (workspace / "payloads/aaa.csv").write_text("no number\n")
    result = served(workspace)
    assert [(s.name, s.success) for s in result.samples] == [
        ("aaa.csv", False),
        ("one.json", True),
        ("two.csv", True),
    ]
    assert not result.success
    assert "1 of 3 samples failed" in result.error_message
    assert "ValueError" in result.samples[0].error_message
    assert "inference.py:" in result.samples[0].error_message


def test_missing_handlers_are_named(workspace):
    """Nothing is loaded without the two that nobody can stand in for."""
    result = served(workspace, "def input_fn(body, content_type): return body\n")
    assert not result.success
    assert result.missing_handlers == ("model_fn", "predict_fn")
    assert "defines no model_fn and no predict_fn" in result.error_message
    assert result.samples == ()


def test_optional_handlers_have_defaults(workspace):
    """JSON, JSON lines and CSV are parsed, and the answer is written as JSON."""
    (workspace / "payloads/three.jsonl").write_text('{"a": 1}\n{"a": 2}\n')
    result = served(workspace, BARE)
    assert result.success
    assert result.default_handlers == ("input_fn", "output_fn")
    assert [json.loads(s.output_preview) for s in result.samples] == [
        {"instances": [1, 2]},
        [{"a": 1}, {"a": 2}],
        [["3"], ["4"]],
    ]
    other = served(workspace, BARE, accept="text/csv")
    assert other.failed_stage == "output_fn"
    assert "output_fn" in other.error_message


def test_handlers_may_take_a_context(workspace):
    """The newer form of a handler has one value more."""
    source = BARE.replace("(model_dir)", "(model_dir, context)").replace(
        "(rows, model)", "(rows, model, context)"
    )
    assert served(workspace, source).success


def test_a_handler_that_ends_the_process_is_known(workspace):
    """Its stage and its sample are told, though nobody could say goodbye."""
    killed = HANDLERS.replace(
        "return [factor", "import os; os.kill(os.getpid(), 9)\n    return [f"
    )
    result = served(workspace, killed)
    assert (result.outcome, result.signal) == ("crashed", 9)
    assert (result.success, result.failed_stage) == (False, "predict_fn")
    assert (result.samples[0].name, result.samples[0].failed_stage) == ("one.json", "predict_fn")
    left = HANDLERS.replace("return [factor", "import os; os._exit(0)\n    return [factor")
    result = served(workspace, left)
    assert (result.success, result.failed_stage) == (False, "predict_fn")


def test_handlers_that_take_too_long_are_ended(workspace):
    """The time limit holds for all of it."""
    endless = HANDLERS.replace("return Model(", "while True: pass\n    return Model(")
    result = served(workspace, endless, timeout_s=0.5)
    assert (result.outcome, result.failed_stage) == ("timed_out", "model_fn")


def test_no_sample_at_all_is_a_failure(workspace):
    """What was left out is named, and no child is started."""
    for path in (workspace / "payloads").iterdir():
        path.unlink()
    (workspace / "payloads/readme.md").write_text("nothing")
    (workspace / "payloads/.hidden.json").write_text("{}")
    result = served(workspace)
    assert not result.success
    assert "no sample" in result.error_message
    assert "readme.md" in result.error_message
    assert result.skipped == ("readme.md",)
    assert result.outcome is None
    assert not (workspace / ".runthrough").exists()


def test_a_long_answer_is_shown_in_part(workspace):
    """At most 64 KiB are kept, and the whole size is told."""
    long = BARE + "def output_fn(prediction, accept): return 'x' * 100_000\n"
    result = served(workspace, long, accept="text/plain")
    assert result.success
    assert len(result.samples[0].output_preview) == OUTPUT_PREVIEW_BYTES
    assert result.samples[0].output_bytes == 100_000


def test_wrong_arguments_are_refused(workspace):
    """Each before anything is started."""
    with pytest.raises(ScriptNotFoundError, match="gone"):
        served(workspace, handler_path=workspace / "gone.py")
    with pytest.raises(CommandInvalidError, match="no payloads"):
        served(workspace, payloads=workspace / "absent")
    with pytest.raises(ArchiveError, match="absent"):
        served(workspace, model_archive=workspace / "absent.tar.gz")
    with pytest.raises(SettingError, match="timeout_s"):
        served(workspace, timeout_s=0)
    with pytest.raises(SettingError, match="timeout_s"):
        served(workspace, timeout_s=float("inf"))


def test_a_hostile_model_is_refused(workspace):
    """A member that climbs out of the archive ends the test before it begins."""
    hostile = packed(workspace / "bad.tar.gz", {"../escaped": b"x"})
    with pytest.raises(ArchiveError, match="leads out"):
        served(workspace, model_archive=hostile)
    assert not (workspace / ".runthrough").exists()
