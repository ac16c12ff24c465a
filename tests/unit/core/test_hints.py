"""What a person may look at first when a script failed, by its words and the facts around it."""

import pytest

from runthrough.core.validation.circumstances import Circumstances, TakenInput
from runthrough.core.validation.hints import hints
from runthrough.core.values.connections import Output
from runthrough.core.values.facts import ContentFacts
from runthrough.core.values.limits import Limits
from runthrough.core.values.outcomes import Frame, ScriptError

TABLE = ContentFacts(format="csv", rows=3, columns=("label", "x1", "x2"))
OF_CLEAN = Output("Clean", "out")


def raised(type_, message, line="frame['labl']"):
    """An exception in a line of the user's."""
    frame = Frame(file="/w/train.py", line=8, function="main", source=("above", line, "below"))
    return ScriptError(kind="exception", type=type_, message=message, frames=(frame,))


def around(**more):
    """An attempt at `Train`, which reads a table and writes a folder."""
    more.setdefault("inputs", {"data": TakenInput("/w/train.csv", content=TABLE)})
    more.setdefault("outputs", {"model": "/s/a/model"})
    return Circumstances(
        node="Train",
        folder="/s/a",
        environ_vars=("REGION",),
        job_args=("max_depth",),
        version="3.11.7",
        **more,
    )


def folder(*files, source=OF_CLEAN, parts=None):
    """A folder that an upstream output is, or with no source a given one."""
    content = ContentFacts(format="folder", files=files)
    return {"data": TakenInput("/w/out", source, content, parts or {})}


def only(error, circumstances):
    """The one hint."""
    (hint,) = hints(error, circumstances)
    return hint


# ---- SageMaker's variables


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("SM_MODEL_DIR", 'os.environ["SM_MODEL_DIR"]'),
        ("SM_CHANNEL_TRAIN", 'environ_vars["SM_CHANNEL_TRAIN"]'),
        ("SM_HPS", "return environ[name]"),
    ],
)
def test_a_variable_that_a_run_would_set_names_the_option(name, line):
    """Instead of asking for a value; where the run did set them, that is no advice."""
    error = raised("KeyError", f"'{name}'", line)
    told = only(error, around())
    assert told == f"{name} is set by a run that is told to: runthrough run Train --sagemaker"
    assert not any("--sagemaker" in hint for hint in hints(error, around(sagemaker=True)))
    other = raised("KeyError", "'SM_OWN'", line.replace(name, "SM_OWN"))
    assert not any("--sagemaker" in hint for hint in hints(other, around()))


# ---- columns


@pytest.mark.parametrize(
    ("type_", "message"),
    [
        ("KeyError", "'labl'"),
        ("KeyError", "\"['labl'] not in index\""),
        ("KeyError", "\"None of [Index(['labl'], dtype='object')] are in the [columns]\""),
        ("KeyError", "\"['labl'] not found in axis\""),
        ("AttributeError", "'DataFrame' object has no attribute 'labl'"),
        (
            "ValueError",
            "Usecols do not match columns, columns expected but not found: ['labl']",
        ),
    ],
)
def test_a_missing_column_is_told_with_those_that_are_there(type_, message):
    """The columns of the input, the nearest name first."""
    told = only(raised(type_, message), around())
    assert told == "train.csv has: label, x1, x2; did you mean 'label'?"


def test_the_input_with_a_near_column_comes_first():
    """Of several tables the one that was likely meant is told first, and no more than two."""
    first, second = (ContentFacts(format="csv", columns=(name, "z")) for name in "uv")
    inputs = {
        "first": TakenInput("/w/first", content=first),
        "second": TakenInput("/w/second", content=second),
        "data": TakenInput("/w/train.csv", content=TABLE),
    }
    told = hints(raised("KeyError", "'labl'"), around(inputs=inputs))
    assert [hint.partition(" has")[0] for hint in told] == ["train.csv", "first"]


def test_tables_of_the_same_columns_are_told_once():
    """A hundred parts of one table are one hint."""
    inputs = folder("a.csv", "b.csv", parts={"a.csv": TABLE, "b.csv": TABLE})
    told = only(raised("KeyError", "'labl'"), around(inputs=inputs))
    assert told.startswith("data/a.csv has: ")


def test_the_columns_of_files_in_a_folder_are_told():
    """A file in a folder is called by its input and its name."""
    inputs = folder("train.csv", parts={"train.csv": TABLE})
    told = only(raised("KeyError", "'nothing_like_it'"), around(inputs=inputs))
    assert told == "data/train.csv has: label, x1, x2"


def test_many_columns_are_cut():
    """A wide table does not fill the screen."""
    wide = ContentFacts(format="csv", columns=tuple(f"c{number}" for number in range(99)))
    inputs = {"data": TakenInput("/w/train.csv", content=wide)}
    told = only(raised("KeyError", "'labl'"), around(inputs=inputs))
    assert told.endswith("c7 and 91 more")


def test_an_input_that_has_the_column_is_not_blamed():
    """The key is missing elsewhere, and nothing is known of that."""
    assert hints(raised("KeyError", "'label'"), around()) == ()


# ---- names


@pytest.mark.parametrize(
    ("line", "message", "told"),
    [
        (
            'region = environ_vars["REGON"]',
            "'REGON'",
            (
                "environ_vars has no REGON: did you mean 'REGION'? Else "
                "runthrough configure Train --env REGON=VALUE"
            ),
        ),
        (
            'os.environ["HOST"]',
            "'HOST'",
            "environ has no HOST: runthrough configure Train --env HOST=VALUE",
        ),
        (
            'input_paths["dat"]',
            "'dat'",
            (
                "input_paths has no dat: did you mean 'data'? Else "
                "runthrough configure Train --input dat=PATH"
            ),
        ),
        (
            'output_paths["report"]',
            "'report'",
            "output_paths has no report: runthrough configure Train --output report=PATH",
        ),
        (
            'job_args["seed"]',
            "'seed'",
            "job_args has no seed: runthrough configure Train --arg seed=VALUE",
        ),
    ],
)
def test_a_name_that_a_parameter_does_not_have_is_told_with_its_command(line, message, told):
    """The line in which it happened says where the name was looked for."""
    assert only(raised("KeyError", message, line), around()) == told


@pytest.mark.parametrize(
    "line",
    [
        'save(output_paths["model"], [row["labl"] for row in rows])',
        'frame[job_args.target] = environ_vars.get("labl")',
        'frame[name] = input_paths["data"]; frame["labl"]',
    ],
)
def test_a_parameter_in_the_line_is_not_blamed_for_anothers_key(line):
    """Only what was asked for that very key is told to lack it."""
    assert only(raised("KeyError", "'labl'", line), around()).startswith("train.csv has: ")


def test_a_name_in_a_variable_is_told_by_what_was_asked_for_it():
    """The key does not stand in the line, and only one parameter is asked with a variable."""
    told = only(raised("KeyError", "'REGON'", "value = environ_vars[name]"), around())
    assert told.startswith("environ_vars has no REGON: did you mean 'REGION'?")


def test_frames_of_libraries_are_passed_over():
    """The line that asked is the user's, though the exception comes from further inside."""
    error = raised("KeyError", "'HOST'", 'host = os.environ["HOST"]')
    inner = [
        Frame(file=file, line=9, function="get", source=("", "raise KeyError(key)", ""))
        for file in (
            "/usr/lib/python3.11/os.py",
            "/venv/lib/python3.11/site-packages/pandas/core/frame.py",
            "pandas/_libs/index.pyx",
            "<frozen os>",
        )
    ]
    error = error.model_copy(update={"frames": (*error.frames, *inner)})
    assert only(error, around()) == (
        "environ has no HOST: runthrough configure Train --env HOST=VALUE"
    )


def test_frames_of_libraries_are_told_only_where_there_are_no_others():
    """A failure inside an installed module alone still shows where it was."""
    library = Frame(file="/v/lib/python3.11/site-packages/x.py", line=1, function="f")
    own = Frame(file="/w/lib/python_scripts/train.py", line=1, function="main")
    error = ScriptError(kind="exception", message="no", frames=(own, library))
    assert error.own_frames == (own,)
    assert error.model_copy(update={"frames": (library,)}).own_frames == (library,)


def test_an_argument_that_is_missing_is_told_with_its_command():
    """The near name is told, the values are not."""
    error = raised("AttributeError", "job_args has no 'max_dept'; it has: max_depth")
    told = "job_args has no max_dept: did you mean 'max_depth'? Else "
    told += "runthrough configure Train --arg max_dept=VALUE"
    assert only(error, around()) == told


# ---- paths


def not_found(path):
    return raised("FileNotFoundError", f"[Errno 2] No such file or directory: '{path}'")


def test_a_file_that_lies_below_a_folder_of_its_input_is_found_there():
    """Which input and producer it is, what it holds, and the connection that was meant."""
    inputs = folder("train/train.csv", "val/val.csv")
    told = only(not_found("/w/out/train.csv"), around(inputs=inputs))
    assert told == (
        "data is /w/out of Clean; it holds train/, val/; is the sub-folder meant? "
        "runthrough connect Clean.out/train Train.data"
    )
    given = only(not_found("/w/out/train.csv"), around(inputs=folder("a/train.csv", source=None)))
    assert given.endswith("runthrough configure Train --input data=/w/out/a")


def test_a_file_that_is_not_in_its_input_is_told_with_who_should_write_it():
    """A near name is told; else the producer."""
    near = only(not_found("/w/out/trian.csv"), around(inputs=folder("train.csv")))
    assert near.endswith("it holds train.csv; did you mean 'train.csv'?")
    far = only(not_found("/w/out/model.bin"), around(inputs=folder("train.csv")))
    assert far.endswith("it holds train.csv; Clean is to write model.bin there")


def test_a_folder_that_is_read_as_a_file_tells_its_files():
    """And a file that is read as a folder tells what it holds."""
    error = raised("IsADirectoryError", "[Errno 21] Is a directory: '/w/out'")
    inputs = folder("train.csv")
    assert only(error, around(inputs=inputs)) == "data is /w/out of Clean; it holds train.csv"
    error = raised("NotADirectoryError", "[Errno 20] Not a directory: '/w/train.csv/x'")
    assert only(error, around()) == "data is /w/train.csv; it is a file, and holds csv"


def test_an_output_folder_that_was_not_made_is_told():
    """The parents of an output are made, the output itself is the script's."""
    told = only(not_found("/s/a/model/model.json"), around())
    assert told.startswith("/s/a/model is in the output model, whose folders the script makes")


def test_a_container_path_and_a_relative_path_are_told():
    """Neither can be what the script was given."""
    assert "runthrough requirements Train" in only(not_found("/opt/ml/model/x"), around())
    assert "/s/a/work" in only(not_found("data/x.csv"), around())
    assert hints(not_found("/elsewhere/x.csv"), around()) == ()


def test_a_path_that_may_not_be_opened_is_told_by_its_kind():
    """Inputs are read only, and an output may go elsewhere."""
    error = raised("PermissionError", "[Errno 13] Permission denied: '/w/train.csv'")
    assert "scripts read inputs, and write to output_paths" in only(error, around())
    error = raised("PermissionError", "[Errno 13] Permission denied: '/s/a/model/x'")
    assert only(error, around()).endswith("runthrough configure Train --output model=PATH")


# ---- contents


@pytest.mark.parametrize(
    ("type_", "content", "told"),
    [
        ("UnicodeDecodeError", ContentFacts(format="parquet"), ("train.csv holds parquet",)),
        ("pandas.errors.ParserError", ContentFacts(format="zip"), ("train.csv holds zip",)),
        ("_pickle.UnpicklingError", TABLE, ("train.csv holds csv",)),
        ("json.decoder.JSONDecodeError", ContentFacts(fault="it is no JSON"), None),
        ("UnicodeDecodeError", TABLE, ()),
        ("ZeroDivisionError", ContentFacts(format="parquet"), ()),
    ],
)
def test_an_input_that_is_something_else_is_told(type_, content, told):
    """Only what a reader of it stumbled over, and only what its content is."""
    inputs = {"data": TakenInput("/w/train.csv", content=content)}
    found = hints(raised(type_, "cannot be read"), around(inputs=inputs))
    assert found == (("train.csv: it is no JSON",) if told is None else told)


# ---- surroundings


def test_a_module_that_is_missing_is_told_with_its_interpreter():
    """Which Python was asked, and the two ways out."""
    error = raised("ModuleNotFoundError", "No module named 'xgboost.core'")
    told = only(error, around())
    assert told.startswith(
        "xgboost is not there for the interpreter that runs runthrough (Python 3.11.7)"
    )
    assert "python: of Train in the pipeline file" in told
    assert "/opt/py/bin/python (" in only(error, around(python="/opt/py/bin/python"))


def test_a_time_out_tells_its_limit():
    """The command gives twice as much."""
    error = ScriptError(kind="timeout", message="did not end within 2.5 s")
    told = "its limit was 2.5 s; where it needs more: runthrough configure Train --timeout 5"
    assert only(error, around(timeout_s=2.5)) == told


def test_running_out_of_memory_tells_the_peak_and_the_limit():
    """With a limit of ours the command raises it; else the machine has no more."""
    killed = ScriptError(kind="signal", message="was ended by SIGKILL")
    peak = {"peak_rss_bytes": 3 * 1024**3, "signal": 9}
    told = only(killed, around(**peak))
    assert told.startswith("at its peak it held 3.00 GiB; where memory is short, run it alone")
    assert "(runthrough run Train --jobs 1)" in told
    limits = Limits(memory_bytes=3 * 1024**3)
    told = only(raised("MemoryError", ""), around(limits=limits, peak_rss_bytes=3 * 1024**3))
    assert told.startswith("its memory limit was 3.00 GiB; at its peak it held 3.00 GiB; ")
    assert told.endswith("runthrough configure Train --limit memory=6144MiB")
    assert hints(killed, around(peak_rss_bytes=2**20, signal=9)) == ()
    other = ScriptError(kind="signal", message="was ended by SIGSEGV")
    assert hints(other, around(signal=11)) == ()


def test_a_limit_that_was_reached_is_told_with_the_command_that_raises_it():
    """Memory of all that a script started, processor time, and open files."""
    limits = Limits(memory_bytes=1024**2, cpu_s=3, open_files=64)

    def ended(words):
        return only(ScriptError(kind="signal", message=words), around(limits=limits, signal=9))

    over = "used more than 1 MiB of memory, together with all that it started; raise limits"
    assert ended(over).endswith("runthrough configure Train --limit memory=2MiB")
    over = "used more than 3 s of processor time; raise limits.cpu_s"
    assert ended(over).endswith("runthrough configure Train --limit cpu_s=6")
    error = raised("OSError", "[Errno 24] Too many open files; the script may have 64 open files")
    assert only(error, around(limits=limits)).endswith("--limit open_files=128")


def test_a_full_disk_is_told():
    """With the command that shows the room where the attempt writes."""
    error = raised("OSError", "[Errno 28] No space left on device: '/s/a/model/x'")
    assert hints(error, around())[0] == "the disk is full: df -h /s/a"


# ---- where the words come from


def test_a_script_that_caught_its_error_has_it_in_its_log():
    """`sys.exit(1)` after a traceback was printed is explained like the exception itself."""
    log = (
        "Traceback (most recent call last):\n"
        '  File "/w/train.py", line 8, in main\n'
        '    region = environ_vars["REGION_CODE"]\n'
        "             ~~~~~~~~~~~~^^^^^^^^^^^^^^^\n"
        "KeyError: 'REGION_CODE'\n"
        "giving up\n"
    )
    left = ScriptError(kind="exit", message="ended with exit code 1")
    told = only(left, around(stderr_tail=log))
    assert told.endswith("runthrough configure Train --env REGION_CODE=VALUE")


def test_a_logged_line_without_a_traceback_is_explained_too():
    """What the system said of a path stands in the log as it is."""
    log = "ERROR failed: [Errno 2] No such file or directory: '/w/out/x/train.csv'\n"
    left = ScriptError(kind="exit", message="ended with exit code 1")
    told = only(left, around(stderr_tail=log, inputs=folder("train.csv")))
    assert told.startswith("data is /w/out of Clean; it holds train.csv")


def test_hints_are_few_and_on_one_line():
    """At most three, and what cannot be seen is written as an escape."""
    parts = {f"{n}.csv": ContentFacts(format="text", fault="it is\nbroken") for n in range(9)}
    inputs = folder(*parts, parts=parts)
    found = hints(raised("ParserError", "no"), around(inputs=inputs))
    assert found == tuple(f"data/{n}.csv: it is\\nbroken" for n in range(3))


@pytest.mark.parametrize(
    "error",
    [
        ScriptError(kind="exit", message="ended with exit code 3"),
        ScriptError(kind="exception", type="ValueError", message="no"),
        ScriptError(kind="exception", type="KeyError", message=""),
        ScriptError(kind="timeout", message="did not end"),
    ],
)
def test_where_nothing_is_known_nothing_is_said(error):
    """A hint that is only a guess would send people the wrong way."""
    assert hints(error, around()) == ()
