"""What nobody types on purpose: every odd input ends in a told error, never in a fault of ours."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from tests.support.cli import DEADLINE_S, Done
from tests.support.provoked import (
    Victim,
    at_the_start,
    met,
    provokes,
    with_answers,
    with_questions,
)

from runthrough.errors import PipelineFileError, StoreUnavailableError, WorkingFolderError

pytestmark = pytest.mark.slow

NOBODY = 65534
LONG = "y" * 5_000


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (bytes(range(256)), "odd.yaml:2:118: the file is not UTF-8: invalid start byte"),
        (b"\x00\x01", "odd.yaml:1:1: a text must not contain the control character '\\x00'"),
        (b"just words\n", "odd.yaml:1:1: a pipeline file must be a mapping"),
        (b"- a\n- b\n", "odd.yaml:1:1: a pipeline file must be a mapping"),
        (b"name: x\n" * 1_300_000, "odd.yaml:2:1: 'name' stands twice; first on line 1"),
        (b"[" * 100_000, "odd.yaml:1:102: values are nested more than 100 deep"),
        (b"a: &a [*a]\n", "odd.yaml:1:8: no value before this is anchored as &a"),
    ],
    ids=["binary", "control", "prose", "list", "10 MB", "deep", "endless"],
)
@provokes(PipelineFileError)
def test_a_file_that_is_anything_but_a_pipeline(tmp_path, content, told):
    """Whatever lies in the file, it is told with its place, and at once."""
    victim = at_the_start(tmp_path)
    (tmp_path / "odd.yaml").write_bytes(content)
    error = victim.line("new odd.yaml --json", code=2).json["error"]
    assert error["message"].startswith(told)
    victim.refused(
        "new scripts",
        PipelineFileError,
        "scripts: this is a folder",
        "name the pipeline file in it",
    )


@provokes(PipelineFileError)
def test_a_pipe_that_nobody_writes_into_is_not_waited_for(tmp_path):
    """It is refused like everything else that is no pipeline file."""
    victim = at_the_start(tmp_path)
    os.mkfifo(tmp_path / "pipe.yaml")
    victim.refused(
        "new pipe.yaml",
        PipelineFileError,
        "pipe.yaml: this is a pipe",
        "name a file that holds a pipeline",
    )


@pytest.mark.parametrize(
    "words",
    [
        ("configure", "clean", "--input", "orders=-y.csv"),
        ("configure", "clean", "--input", "-x=-y"),
        ("configure", "clean", "--input", "=y"),
        ("configure", "clean", "--input", "orders="),
        ("configure", "clean", "--input", "or ders=a b.csv"),
        ("configure", "clean", "--input", "orders=a\nb\tc"),
        ("configure", "clean", "--input", "ü\"ñ'=\U0001f600.csv"),
        ("configure", "clean", "--input", f"orders={LONG}"),
        ("configure", "clean", "--input", "orders=\udcff"),
        ("configure", "clean", "--input", "orders=@"),
        ("configure", "clean", "--input", "orders=@@.@"),
        ("configure", "clean", "--env", "=x"),
        ("configure", "clean", "--arg", "top={"),
        ("configure", "clean", "--timeout", "nan"),
        ("configure", ""),
        ("configure", "--", "-a"),
        ("configure", LONG),
        ("run", ""),
        ("run", "+"),
        ("run", "a b"),
        ("new", ""),
        ("new", "/dev/null"),
        ("new", f"{LONG}.yaml"),
        ("new", "pipeline.yaml", "--name", "\x1b[31m"),
        ("new", "pipeline.yaml", "--workspace", "nope"),
        ("new", "pipeline.yaml", "--like", ""),
        ("status", "--session", ""),
        ("status", "--session", "\udcff"),
        ("status", "--session", "demo@99"),
        ("status", "--as", ""),
        ("status", "--database", ""),
        ("status", "--database", "."),
        ("status", "--database", "sqlite://"),
        ("status", "--database", "postgresql://"),
        ("status", "--database", "://"),
        ("bind", "clean", "scripts"),
        ("bind", "clean", "/dev/zero"),
        ("external", "clean", "--output", "="),
        ("connect", "@", "@"),
        ("connect", "", ""),
        ("fork", "--at", "0"),
        ("fork", "--at", "99999999999999999999999"),
        ("as-of", ""),
        ("as-of", "99999999999999999999999"),
        ("as-of", "9999-99-99"),
        ("history", "--since", "-5"),
        ("diff", "", ""),
        ("undo", "--to", "99999999999999999999999"),
        ("approve", "99999999999999999999999"),
        ("report", "-o", "."),
        ("audit", "verify", "/dev/null"),
        ("audit", "import", "/dev/zero"),
        ("audit", "verify", "/dev/zero"),
        ("audit", "verify", "--against", "/dev/zero"),
        ("audit", "verify", "--against", "/dev/null"),
        ("audit", "export", "-o", "."),
        ("update", "/dev/null"),
        ("export", "--pipeline", "."),
    ],
    ids=lambda words: " ".join(words)[:60].encode("unicode_escape").decode(),
)
def test_an_odd_word_is_told(tmp_path, words):
    """The command ends with a told error of its own, or says what it took the word for."""
    victim = with_questions(tmp_path)
    done = victim.attempt(*words)
    assert done.code in {0, 2, 3, 4, 5}, done
    assert done.code == 0 or done.err.startswith("error: "), done
    assert done.code == 0 or "\x1b" not in done.err


@pytest.mark.parametrize("columns", ["0", "1", "-5", "abc", "", "٣", "9" * 5_000])
def test_an_odd_width_of_the_screen(tmp_path, columns):
    """Whatever `COLUMNS` says, what is wrong and what to type next can be read."""
    done = with_questions(tmp_path).line("status", COLUMNS=columns)
    assert "next:  runthrough configure clean --env CURRENCY=VALUE" in done.out
    assert "CURRENCY:" in "".join(done.out.split())
    if columns not in {"1", "٣"}:
        assert "? needs you   clean    CURRENCY: no value" in done.out


@pytest.mark.parametrize(
    "names", [("größe", "Ω"), ("two words", "a.b"), ('"', "it's"), ("-a", "--b")]
)
def test_odd_names_of_nodes_go_all_the_way(tmp_path, names):
    """Nodes may be called so, and every command that is advised about them can be typed."""
    victim = at_the_start(tmp_path)
    first, second = (name.replace("'", "''") for name in names)
    nodes = f"'{first}': {{script: scripts/clean.py}}, '{second}': {{script: scripts/total.py}}"
    victim.file("odd.yaml", f"name: odd\nnodes: {{{nodes}}}\nedges: [['{first}', '{second}']]\n")
    victim.line("new odd.yaml")
    for _ in range(4):
        command = victim.line("status --json").json["next_command"]
        if command == "runthrough run":
            break
        victim.line(
            command.removeprefix("runthrough ")
            .replace("PATH", "data/orders.csv")
            .replace("VALUE", "EUR")
        )
    victim.line("run")


def child(victim: Victim, *words: str, program: str = "", **how: object) -> tuple[int, str, str]:
    """A command in a process of its own: exit code, standard output and error."""
    start = f"{program}\nimport runthrough.__main__ as m; sys.exit(m.main())"
    done = subprocess.run(
        [sys.executable, "-c", f"import os, sys\n{start}", *words],
        **{"cwd": victim.folder, "env": victim.environ(), **how},
        capture_output=True,
        timeout=DEADLINE_S,
        check=False,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize(
    "words", [("status",), ("new", "pipeline.yaml"), ("doctor",), ("config", "show")]
)
@provokes(WorkingFolderError)
def test_a_folder_that_is_gone(tmp_path, words):
    """A shell in a folder that was deleted is told so, and in another one all is well."""
    victim = with_questions(tmp_path)
    code, out, err = child(
        victim, *words, "--json", program="os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone')"
    )
    victim.read(
        Done(code, out, err),
        WorkingFolderError,
        "The folder that this was typed in cannot be used: No such file or directory.",
        "go to a folder that is there, such as by cd",
    )
    assert code == 2
    assert child(victim, "status")[0] == 0


def test_a_terminal_that_knows_ascii_alone(tmp_path):
    """In the C locale a sign that cannot be shown is a question mark, and the rest is there."""
    victim = with_answers(tmp_path)
    ascii_alone = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    environ = victim.environ(**ascii_alone, PYTHONIOENCODING="ascii")
    code, out, err = child(victim, "run", env=environ)
    assert (code, err) == (0, "")
    assert "? passed   report" in out
    code, _, err = child(victim, "requirements", "größe", env=environ)
    assert (code, err.isascii()) == (2, True)
    assert "gr??e" in err or "gr\\xf6" in err or "gr" in err


def test_no_home_and_no_folder_for_temporary_files(tmp_path):
    """Without a home nothing is kept outside of what is named; without TMPDIR scripts run."""
    victim = with_answers(tmp_path)
    environ = victim.environ(TMPDIR="/nonexistent", HOME="/nonexistent")
    assert child(victim, "run", env=environ)[0] == 0
    bare = {k: v for k, v in environ.items() if not k.startswith(("RUNTHROUGH_", "XDG_"))}
    if os.geteuid() == 0:
        bare["HOME"] = "/proc/none"
    code, _, err = child(victim, "new", "pipeline.yaml", env=bare)
    assert code in {2, 4}, err
    assert err.startswith("error: ")
    assert "RUNTHROUGH_" in err


AS_NOBODY = (
    "from runthrough.entrypoints.cli.app import run_command_line as go\n"
    "go(sys.argv[1:])\n"  # nobody may not even read what is imported on the way
    f"os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})"
)
ROOT_ALONE = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


@ROOT_ALONE
def test_a_folder_that_may_not_be_looked_into(tmp_path):
    """Its settings are nobody's, and what cannot be opened there is told."""
    victim = with_questions(tmp_path)
    tmp_path.chmod(0o700)
    code, _, err = child(victim, "status", program=AS_NOBODY)
    assert code == 4, err
    assert err.startswith(f"error: The database {victim.database} ")


@ROOT_ALONE
@provokes(StoreUnavailableError)
def test_a_folder_that_may_only_be_read(tmp_path):
    """Somebody who may not write there can look, and is told what may not be written."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder == Path(tempfile.gettempdir()):
            break
        folder.chmod(0o755)
    victim = with_questions(tmp_path)
    code, out, err = child(victim, "status", program=AS_NOBODY)
    # Whoever measures coverage may not write its file as nobody, and says so at the very end.
    assert (code, err.partition("Exception ignored in atexit")[0]) == (0, "")
    assert out.count("? needs you   clean") == 2
    code, _, err = child(victim, "note", "x", program=AS_NOBODY)
    assert code == 4, err
    assert err.startswith(f"error: The database {victim.database} ")
    met(StoreUnavailableError)
