"""Problems of scripts and contracts, each read whole and mended by what is advised."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.provoked import Victim, provokes, with_answers

pytestmark = pytest.mark.slow

MAIN = "def main(input_paths, output_paths, environ_vars, job_args):"


def over(
    folder: Path, source: str | bytes | None, *, name: str = "only", more: str = ""
) -> Victim:
    """A session over one node, whose script has this source."""
    victim = Victim(folder)
    (folder / "scripts").mkdir(exist_ok=True)
    if source is not None:
        content = source if isinstance(source, bytes) else source.encode()
        (folder / f"scripts/{name}.py").write_bytes(content)
    victim.file("pipeline.yaml", f"name: p\nscripts: [scripts]\nnodes: {{only: {{}}}}\n{more}")
    victim.line("new pipeline.yaml --name demo")
    return victim


def typed(victim: Victim, command: str) -> int:
    """Type a command of the shell that stands in a fix; its exit code."""
    python = command.replace("python ", f"{sys.executable} ", 1)
    shell = ["sh", "-c", python if command.startswith("python ") else command]
    return subprocess.run(shell, cwd=victim.folder, capture_output=True, check=False).returncode


LOOKED_FOR = "; scripts are looked for in scripts, in scripts/ of the workspace and in it"


@provokes("SCRIPT_NOT_FOUND")
def test_no_script(tmp_path):
    """A near script is bound by the command that is advised."""
    victim = over(tmp_path, f"{MAIN} pass\n", name="onli")
    told = victim.found(
        "SCRIPT_NOT_FOUND",
        "Script 'only' not found in discovered scripts. Did you mean 'scripts/onli.py'?",
        "runthrough bind only scripts/onli.py, or runthrough external only --output NAME=PATH "
        f"when it stands for something outside{LOOKED_FOR}",
    )
    victim.follow(told, "runthrough bind only scripts/onli.py")
    victim.gone("SCRIPT_NOT_FOUND")


@provokes("SCRIPT_NOT_FOUND")
def test_no_script_and_none_near(tmp_path):
    """A node that stands for something outside is declared by the command that is advised."""
    victim = over(tmp_path, None)
    told = victim.found(
        "SCRIPT_NOT_FOUND",
        "Script 'only' not found in discovered scripts",
        "runthrough bind only PATH, or runthrough external only --output NAME=PATH when it "
        f"stands for something outside{LOOKED_FOR}",
    )
    victim.file("data.csv", "x\n1\n")
    external = "runthrough external only --output NAME=PATH"
    victim.follow(told, external, NAME="table", PATH="data.csv")
    victim.gone("SCRIPT_NOT_FOUND")


@provokes("SCRIPT_SYNTAX")
def test_a_script_that_does_not_parse(tmp_path):
    """The command that is advised shows the place, and is silent once it is mended."""
    victim = over(tmp_path, "def main(:\n")
    told = victim.found(
        "SCRIPT_SYNTAX",
        "scripts/only.py:1:10: invalid syntax",
        "python -m py_compile scripts/only.py",
    )
    assert typed(victim, told.fix) == 1
    victim.file("scripts/only.py", f"{MAIN} pass\n")
    assert typed(victim, told.fix) == 0
    victim.gone("SCRIPT_SYNTAX")


@provokes("SCRIPT_SYNTAX")
def test_a_script_with_a_null_byte(tmp_path):
    """The command that is advised takes the byte out."""
    victim = over(tmp_path, f"{MAIN} pass\0\n")
    told = victim.found(
        "SCRIPT_SYNTAX",
        "scripts/only.py:1:1: it holds a null byte",
        "tr -d '\\000' < scripts/only.py > fixed.py && mv fixed.py scripts/only.py",
    )
    assert typed(victim, told.fix) == 0
    victim.gone("SCRIPT_SYNTAX")


@provokes("SCRIPT_UNREADABLE")
def test_a_script_in_another_encoding(tmp_path):
    """The command that is advised writes it as UTF-8."""
    victim = over(tmp_path, b"# caf\xe9\n" + f"{MAIN} pass\n".encode())
    told = victim.found(
        "SCRIPT_UNREADABLE",
        "scripts/only.py cannot be read: it is no text in its encoding: invalid or missing "
        "encoding declaration",
        "iconv -f latin1 -t utf-8 scripts/only.py > fixed.py && mv fixed.py scripts/only.py",
    )
    assert typed(victim, told.fix) == 0
    victim.gone("SCRIPT_UNREADABLE")


@provokes("SCRIPT_SHADOWED")
def test_a_script_that_comes_first_now(tmp_path):
    """The node keeps its script until the other one is bound by what is advised."""
    victim = Victim(tmp_path)
    victim.file("old/only.py", f"{MAIN} pass\n")
    victim.file("pipeline.yaml", "name: p\nscripts: [new, old]\nnodes: {only: {}}\n")
    victim.line("new pipeline.yaml --name demo")
    victim.file("new/only.py", f"{MAIN} return {{}}\n")
    told = victim.found(
        "SCRIPT_SHADOWED",
        "only keeps old/only.py, although new/only.py now comes first (the "
        "folder new is searched before old)",
        "runthrough bind only new/only.py",
        severity="warning",
    )
    victim.follow(told, told.fix)
    victim.gone("SCRIPT_SHADOWED")


@provokes("MAIN_MISSING")
def test_a_script_without_main(tmp_path):
    """The line that is advised makes a main of it."""
    victim = over(tmp_path, "x = 1\n")
    told = victim.found(
        "MAIN_MISSING",
        "scripts/only.py has no function main, which a script is run by",
        MAIN,
    )
    victim.file("scripts/only.py", f"{told.fix} pass\n")
    victim.gone("MAIN_MISSING")


@pytest.mark.parametrize(
    ("source", "message", "fix"),
    [
        (
            "async def main(input_paths, output_paths, environ_vars, job_args): pass\n",
            "main in scripts/only.py is async, so calling it runs nothing",
            f"{MAIN} asyncio.run(work(input_paths, output_paths, environ_vars, job_args))",
        ),
        (
            "def main(input_paths, output_paths, environ_vars, job_args, logger): pass\n",
            "main in scripts/only.py requires logger, which nothing gives it",
            "def main(input_paths, output_paths, environ_vars, job_args, logger=None):",
        ),
    ],
)
@provokes("MAIN_SIGNATURE")
def test_a_main_that_cannot_be_called(tmp_path, source, message, fix):
    """The line that is advised makes it one that can."""
    victim = over(tmp_path, source)
    told = victim.found("MAIN_SIGNATURE", message, fix)
    end = "" if told.fix.endswith(")") else " pass"
    victim.file("scripts/only.py", f"{told.fix}{end}\n")
    victim.gone("MAIN_SIGNATURE")


CONTRACT = """\
expected_input_paths: {totals: /opt/ml/input/totals.json}
expected_output_paths: {report: /opt/ml/report.txt}
expected_arguments: {tops: 1}
"""


@provokes("CONTRACT_DRIFT")
def test_a_contract_that_names_otherwise(tmp_path):
    """The contract is mended as advised, since the code is what runs."""
    victim = with_answers(tmp_path)
    contract = victim.file("scripts/report.contract.yaml", CONTRACT)
    told = victim.found(
        "CONTRACT_DRIFT",
        "Contract and code disagree: contract: tops · code: top (job arg)",
        "write top instead of tops in scripts/report.contract.yaml",
        severity="warning",
    )
    _, new, _, _, old, _, file = told.fix.split()
    assert tmp_path / file == contract
    contract.write_text(CONTRACT.replace(old, new))
    victim.gone("CONTRACT_DRIFT")


@provokes("CONTRACT_INVALID")
def test_a_contract_that_cannot_be_read(tmp_path):
    """A contract that is none is told with its place, and written as advised it is read."""
    victim = with_answers(tmp_path)
    victim.file("scripts/report.contract.yaml", "expected_input_paths: [\n")
    victim.found(
        "CONTRACT_INVALID",
        "the contract scripts/report.contract.yaml:2:1: this is not YAML: did not find expected "
        "node content while parsing a flow node",
        "write it as YAML or JSON, one value a line, such as entry_point: NAME.py",
        severity="warning",
    )
    victim.file("scripts/report.contract.yaml", "entry_point: report.py\n")
    victim.gone("CONTRACT_INVALID")
