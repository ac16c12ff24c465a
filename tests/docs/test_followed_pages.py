"""Pages that are followed as they stand: every command is typed, and prints what is shown."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from sybil.example import SybilFailure
from tests.support.followed import PAGES, follow, laid_out_runner
from tests.support.pages import DOCS, REPOSITORY, compared, fits, follower, typed_in


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_what_happens(name, tmp_path):
    """Its files are written, its commands typed; they print what stands below them."""
    try:
        follow(name, follower(tmp_path / "orders"))
    except SybilFailure as failure:
        remedy = f"where the page is to follow: python -m tests.support.followed {name}"
        pytest.fail(f"{failure}\n{remedy}", pytrace=False)


def page(folder, text):
    """A page of a test."""
    path = folder / "page.md"
    path.write_text(text)
    return path


def test_a_wrong_output_is_found(tmp_path):
    """A page that shows what a command does not print fails, and says where."""
    shown = page(tmp_path, "# Page\n\n```console\n$ echo one\none\n$ echo two\nthree\n```\n")
    with pytest.raises(SybilFailure, match=r"(?s)line 3.*\$ echo two") as failure:
        follower(tmp_path / "work").follow(shown)
    assert "- three\n+ two" in str(failure.value)


def test_a_command_that_fails_is_found(tmp_path):
    """A command below which nothing stands must work."""
    shown = page(tmp_path, "```console\n$ true\n$ ls nothing-here\n```\n")
    with pytest.raises(SybilFailure, match="ended with 2"):
        follower(tmp_path / "work").follow(shown)


def test_a_page_without_commands_is_not_taken_for_followed(tmp_path):
    """A page whose blocks are not recognised does not pass by saying nothing."""
    shown = page(
        tmp_path, "```\n$ false\n```\n\n<!-- skip: next -->\n\n```console\n$ false\n```\n"
    )
    with pytest.raises(AssertionError, match="says nothing to type"):
        follower(tmp_path / "work").follow(shown)


def test_folder_variables_and_files_are_kept_between_blocks(tmp_path):
    """A page is one shell: `cd` and `export` hold, and files go where the reader is."""
    text = (
        "```console\n$ mkdir inside && cd inside\n$ export WORD='two words'\n```\n\n"
        "`data/a.csv`\n\n```csv\nx\n```\n\n"
        "```csv\nno name, no file\n```\n\n"
        '```console\n$ cat data/a.csv; ls; echo "$WORD"\nx\ndata\ntwo words\n```\n'
    )
    follower(tmp_path / "work").follow(page(tmp_path, text))
    assert (tmp_path / "work" / "inside" / "data" / "a.csv").read_text() == "x\n"


def test_what_differs_each_time_is_not_compared():
    """Ids, times, digests, durations and widths are left out; words and numbers count."""
    shown = "✓ passed   a   0.8 s, 2026-11-24 09:10 UTC · 019a…7f3a\n"
    assert compared(shown) == compared("✓ passed  a  12 s, 2027-01-01 10:00 UTC · 01ff…0000")
    assert compared(shown) != compared(shown.replace("passed", "failed"))
    assert compared("version 12") != compared("version 13")


def test_dots_stand_for_lines():
    """`…` on a line of its own stands for any number of lines, also none."""
    assert fits(["a", "…", "d"], ["a", "b", "c", "d"])
    assert fits(["a", "…", "d"], ["a", "d"])
    assert not fits(["a", "…", "d"], ["a", "d", "e"])
    assert not fits(["…", "b"], ["a"])


def test_a_console_block_is_commands_with_what_they_print():
    """Lines without a prompt belong to the command above."""
    assert typed_in("$ a\n$ b\nc\n\nd\n") == [("a", ""), ("b", "c\n\nd\n")]


ELSEWHERE = {
    "configure-step-by-step": "questions need a terminal: tests/e2e/test_wizard_terminal.py",
    "deploy-the-service": "systems are not set up here: tests/docs/test_deployment_page.py",
    "edit-with-help": "tests/docs/test_ci_pages.py",
    "migrate": "tests/docs/test_migrate_page.py",
    "rehearse-in-ci": "tests/docs/test_ci_pages.py",
    "serve-to-a-team": "services do not end by themselves: tests/e2e/http/test_serve.py",
    "share-a-database": "tests/docs/test_sharing_page.py",
    "test-an-inference-handler": "tests/docs/test_tester_pages.py",
    "test-with-pytest": "tests/docs/test_ci_pages.py",
    "test-without-a-session": "tests/docs/test_tester_pages.py",
    "work-in-a-notebook": "tests/e2e/test_notebook.py",
    "work-in-the-page": "what forms do is sent as they do: tests/e2e/http/test_page_forms.py",
}
"""How-tos that other tests hold, each with where."""


def test_every_how_to_is_followed_or_held_elsewhere():
    """No how-to is left to be believed."""
    followed = {Path(name).stem for name in PAGES if "/how-to/" in name}
    every = {path.stem for path in DOCS.joinpath("how-to").glob("*.md")}
    assert followed | ELSEWHERE.keys() == every
    assert not followed & ELSEWHERE.keys()
    for told in ELSEWHERE.values():
        assert (REPOSITORY / told.rpartition(" ")[2]).exists(), told


@pytest.mark.slow
def test_the_runner_of_the_page_can_be_tried_against_the_contract(tmp_path):
    """The variable that the page names takes a foreign runner into the contract's tests."""
    site = laid_out_runner(follower(tmp_path / "orders"))
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "timed"),
            "tests/integration/runners/test_contract_outcomes.py",
            "tests/integration/runners/test_contract_calls.py",
        ],
        cwd=REPOSITORY,
        env={
            **os.environ,
            "PYTHONPATH": str(site),
            "RUNTHROUGH_TEST_RUNNER": f"timed:{tmp_path / 'seconds.txt'}",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    tried = int(re.search(r"(\d+) passed", done.stdout)[1])
    assert tried > 20
    assert len((tmp_path / "seconds.txt").read_text().splitlines()) >= tried
