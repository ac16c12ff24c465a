"""`runthrough next` at a real terminal: keys in, a screen out, between processes and people."""

import re

import pytest
from tests.support.asking import CTRL_C, CTRL_D, CTRL_N, DOWN, ENTER, TAB, WIPED, Seat
from tests.support.cli import Shell, answered, begun
from tests.support.pipelines import CLEAN, REPORT, TOTAL

from runthrough import InteractiveRuntimeTestingFactory

OPEN = """\
name: orders
scripts: [scripts]
nodes:
  clean: {}
  total: {}
  report: {}
edges:
  - [clean, total]
  - [total, report]
"""
PICKS = """
import argparse


def main(input_paths, output_paths, environ_vars, job_args):
    open(input_paths["totals"])
    token = environ_vars["REPORT_TOKEN"]
    mode = job_args.mode


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--mode", required=True, choices=["short", "long"])
    main({}, {}, {}, parser.parse_args())
"""
ORDERS, CURRENCY, TOP = "What feeds orders?", "What is CURRENCY?", "What is top?"
COLOURS = re.compile(r"\x1b\[(?:[0-9;]*;)?(?:3[0-7]|9[0-7])m")


def open_shell(folder) -> Shell:
    """A session in which nothing is answered: a path, a variable and an argument are missing."""
    shell = Shell(folder)
    for name, source in (("clean", CLEAN), ("total", TOTAL), ("report", REPORT)):
        shell.file(f"scripts/{name}.py", source.lstrip())
    shell.file("data/orders.csv", "customer,currency,amount\nada,EUR,30\n")
    shell.file("pipeline.yaml", OPEN)
    shell.run("new", "pipeline.yaml", "--name", "demo")
    return shell


def test_a_person_is_led_through_and_the_pipeline_is_ready(tmp_path):
    """Two answers by keys, the work list as it is now, and the command that runs it; exit 0."""
    shell = begun(tmp_path)
    with Seat(shell, "next") as seat:
        seat.answer(CURRENCY, "EUR", ENTER)
        seat.answer(TOP, "1", ENTER)
        assert seat.left() == 0
        assert "clean is configured" in seat.text
        assert "Nothing needs you any more; 2 answers recorded." in seat.text
        assert seat.text.endswith("next:  runthrough run")
    assert shell.run("run", "--json").json["outcomes"]["report"]["outcome"] == "passed"


@pytest.mark.slow
def test_ctrl_c_says_what_is_recorded_and_another_process_goes_on(tmp_path):
    """Exit 130; Python goes on where the terminal stopped, and the wizard behind that."""
    shell = begun(tmp_path)
    with Seat(shell, "next") as seat:
        seat.answer(CURRENCY, "EUR", ENTER)
        seat.see(TOP)
        seat.type(CTRL_C)
        assert seat.left() == 130
        assert "1 answer recorded" in seat.text
        assert "→ runthrough next" in seat.text
    factory = InteractiveRuntimeTestingFactory.resume(
        "demo", database_url=f"sqlite:///{shell.database}", actor="bob"
    )
    with factory:
        assert factory.get_pending_script_configurations() == ["report"]
        factory.configure_script_testing("report", job_args={"top": 2})
    done = shell.run("next")
    assert done.out.startswith("Nothing needs you.\n")
    assert "next:  runthrough run" in done.out


@pytest.mark.slow
def test_a_wrong_path_is_completed_mended_and_kept(tmp_path):
    """What was typed stands there to be edited, and the tabulator completes what there is."""
    shell = open_shell(tmp_path)
    with Seat(shell, "next") as seat:
        seat.answer(ORDERS, DOWN, ENTER)
        seat.see("type it, or")
        seat.type("data/ordres.csv", ENTER)
        seat.see("✗ Input file does not exist: data/ordres.csv")
        seat.see("» data/ordres.csv")
        seat.type(WIPED, "data/or", TAB)
        seat.see("» data/orders.csv")
        seat.answer(ORDERS, ENTER)
        seat.see("✓ orders = data/orders.csv")
        seat.see(CURRENCY)
        seat.type(CTRL_D)
        assert seat.left() == 3
        assert "next:  runthrough next" in seat.text
    assert "ConfigurationRejected" not in shell.run("history", "--json").out


@pytest.mark.slow
def test_letters_in_a_list_are_typed_into_a_line_and_none_moves(tmp_path):
    """A path that holds `n` and `q` arrives whole; Ctrl-N leaves the node from list and line."""
    shell = open_shell(tmp_path)
    with Seat(shell, "next", "clean") as seat:
        seat.see(ORDERS)
        seat.type("quite/none.csv")
        seat.see("» quite/none.csv")
        seat.type(ENTER)
        seat.see("✗ Input file does not exist: quite/none.csv")
        seat.see("» quite/none.csv")
        seat.type(CTRL_N)
        assert seat.left() == 3
        assert "No answer was recorded." in seat.text
    with Seat(shell, "next", "clean") as seat:
        seat.see(ORDERS)
        seat.type(CTRL_N)
        assert seat.left() == 3
        assert "clean is left for later" in seat.text


@pytest.mark.slow
def test_what_is_pasted_in_a_list_opens_a_line(tmp_path):
    """It stands there to be confirmed; Ctrl-D quits though something stands in the line."""
    with Seat(open_shell(tmp_path), "next", "clean") as seat:
        seat.see(ORDERS)
        seat.type("\x1b[200~data/qn.csv\x1b[201~")
        seat.see("» data/qn.csv")
        seat.type(CTRL_D)
        assert seat.left() == 3
        assert "No answer was recorded." in seat.text


@pytest.mark.slow
def test_going_back_takes_back_and_history_tells_it(tmp_path):
    """The answer that was taken back stands in the line, and the second one counts."""
    shell = begun(tmp_path)
    with Seat(shell, "next") as seat:
        seat.answer(CURRENCY, "USD", ENTER)
        seat.answer(TOP, "<", ENTER)
        seat.see("took back CURRENCY")
        seat.see("» USD")
        seat.type(WIPED, "EUR", ENTER)
        seat.answer(TOP, CTRL_D)
        assert seat.left() == 3
    rows = shell.run("history", "--json", "--node", "clean").json
    told = [(r["type"], (r["after"] or {}).get("env.CURRENCY")) for r in rows[-4:]]
    assert told == [
        ("ScriptConfigured", "USD"),
        ("ConfigurationReverted", None),
        ("ScriptMarkedPending", None),
        ("ScriptConfigured", "EUR"),
    ]


@pytest.mark.slow
def test_what_another_terminal_changed_meanwhile_is_told(tmp_path):
    """Nothing is overwritten: who, from what to what, and the question again."""
    shell = begun(tmp_path)
    with Seat(shell, "next") as seat:
        seat.see(CURRENCY)
        shell.run("configure", "clean", "--env", "CURRENCY=USD", "--as", "bob")
        seat.type("EUR", ENTER)
        seat.see("bob changed clean meanwhile")
        seat.see("env.CURRENCY  not set → USD")
        seat.see("keep USD")
        seat.answer(CURRENCY, ENTER)
        seat.see("CURRENCY stays USD")
        seat.answer(TOP, "1", ENTER)
        assert seat.left() == 0
    assert "env.CURRENCY" in shell.run("history", "--node", "clean").out
    assert (
        shell.run("history", "--json", "--actor", "ann", "--type", "ScriptConfigured").json[-1][
            "node"
        ]
        == "report"
    )


@pytest.mark.slow
def test_a_secret_is_named_a_choice_is_chosen(tmp_path):
    """The value of the environment is nowhere, its name is; choices are a list."""
    shell = begun(tmp_path)
    shell.file("scripts/report.py", PICKS)
    shell.run("resume")
    with Seat(shell, "next", "report", REPORT_TOKEN="hunter2") as seat:
        seat.see("@secret:REPORT_TOKEN  set in your environment; only its name is kept")
        seat.answer("What is REPORT_TOKEN?", ENTER)
        seat.see("short")
        seat.answer("What is mode?", DOWN, ENTER)
        assert seat.left() == 0
        assert "✓ mode = long" in seat.text
        assert "hunter2" not in seat.written
    assert b"hunter2" not in shell.stored()


@pytest.mark.slow
@pytest.mark.parametrize(("columns", "begins"), [(60, "…"), (80, "…"), (120, "data/a-folder")])
def test_each_option_takes_one_line_whatever_the_width(tmp_path, columns, begins):
    """Of a path that is too long the end is shown, and what speaks for it stays readable."""
    shell = open_shell(tmp_path)
    folder = "data/a-folder-with-a-rather-long-name/and-another-one-below-it"
    shell.file(f"{folder}/orders-of-march.csv", "a\n1\n")
    with Seat(shell, "next", columns=columns) as seat:
        lines = [line.strip(" »") for line in seat.see("@NODE.OUTPUT …").splitlines()]
        first = lines.index("? What feeds orders?")
        assert lines[first + 2] == "type it, or < back  > skip  Ctrl-N next node  Ctrl-D quit"
        assert lines[first + 3].startswith("data/orders.csv")
        assert lines[first + 4].startswith(begins)
        assert lines[first + 4].endswith("-below-it/orders-of-march.csv  its name fits")
        assert lines[first + 5 :] == ["type a path, or @NODE.OUTPUT …"]
        seat.type(CTRL_D)
        assert seat.left() == 3


@pytest.mark.slow
def test_no_colour_where_none_is_wanted(tmp_path):
    """NO_COLOR leaves the same text, without a colour; with colours there are some."""
    shell = begun(tmp_path)
    for environ, coloured in (({"NO_COLOR": "1"}, False), ({}, True)):
        with Seat(shell, "next", **environ) as seat:
            seat.see(CURRENCY)
            seat.type(CTRL_D)
            assert seat.left() == 3
            assert bool(COLOURS.search(seat.written)) is coloured


@pytest.mark.slow
def test_a_dumb_terminal_gets_lines_and_numbers(tmp_path):
    """No escape sequence is written; a list is answered by a number."""
    shell = open_shell(tmp_path)
    with Seat(shell, "next", TERM="dumb") as seat:
        seat.see("number [1]:")
        assert "* 1  data/orders.csv" in seat.text
        seat.type("7\n")
        seat.see("type a number from 1 to")
        seat.type("1\n")
        seat.see("value:")
        seat.type("EUR\n")
        seat.see("✓ CURRENCY = EUR")
        seat.see(TOP)
        seat.type(CTRL_D)
        assert seat.left() == 3
        assert "\x1b[" not in seat.written


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "environ", "why"),
    [
        ((), {}, "there is no terminal"),
        (("--no-input",), {}, "--no-input was given"),
        (("clean",), {"CI": "true"}, "CI is set"),
    ],
)
def test_where_nobody_can_be_asked_the_flag_is_named(tmp_path, words, environ, why):
    """Exit 3, each node with what is missing, and the command that answers the first."""
    done = begun(tmp_path).run("next", *words, code=3, **environ)
    assert f"Nobody can be asked here: {why}" in done.err
    assert "clean: CURRENCY: no value" in done.err
    assert "→ runthrough configure clean --env CURRENCY=VALUE" in done.err
    assert done.out == ""


@pytest.mark.slow
def test_a_terminal_with_no_input_is_not_asked(tmp_path):
    """The flag and CI hold at a terminal too."""
    shell = begun(tmp_path)
    for words, environ in ((("--no-input",), {}), ((), {"CI": "1"})):
        with Seat(shell, "next", *words, **environ) as seat:
            assert seat.left() == 3
            assert "Nobody can be asked here" in seat.text


def test_json_never_asks(tmp_path):
    """The error is the result; where nothing is needed, the next command is."""
    shell = begun(tmp_path)
    error = shell.run("next", "--json", code=3).json["error"]
    assert (error["code"], error["fix"]) == (
        "NOT_ASKED",
        "runthrough configure clean --env CURRENCY=VALUE",
    )


@pytest.mark.slow
def test_nothing_to_ask_is_said_with_the_next_command(tmp_path):
    """Exit 0, for all and for one node, which may be gone through all the same."""
    shell = answered(tmp_path)
    assert shell.run("next", "--json").json == {"nodes": [], "next_command": "runthrough run"}
    done = shell.run("next", "clean")
    assert done.out.startswith("clean does not need you.\n")
    assert "runthrough next clean --all" in done.out
    assert "name the node" in shell.run("next", "--all", code=2).err


@pytest.mark.slow
def test_everything_of_a_node_is_gone_through(tmp_path):
    """With --all the present values may be kept one by one."""
    shell = answered(tmp_path)
    with Seat(shell, "next", "clean", "--all") as seat:
        for title, kept in ((ORDERS, "data/orders.csv"), (CURRENCY, "EUR")):
            seat.see(f"keep {kept}")
            seat.answer(title, ENTER)
        seat.answer("Where does clean_orders go?", ">")
        assert seat.left() == 0
        assert "clean does not need you any more; 0 answers recorded." in seat.text


@pytest.mark.slow
def test_a_named_session_is_named_again_where_the_wizard_ends(tmp_path):
    """What is to be typed next is about the session that was asked about."""
    shell = begun(tmp_path)
    with Seat(shell, "next", "--session", "demo") as seat:
        seat.see(CURRENCY)
        seat.type(CTRL_D)
        assert seat.left() == 3
        assert "next:  runthrough next --session demo" in seat.text


@pytest.mark.slow
def test_status_tells_of_the_wizard_where_somebody_can_be_asked(tmp_path):
    """At a terminal, beside the next command; neither in a pipe nor where nothing is needed."""
    shell = begun(tmp_path)
    hint = "or answer step by step:  runthrough next"
    with Seat(shell, "status") as seat:
        assert seat.left() == 0
        assert seat.text.splitlines()[-1] == hint
    assert hint not in shell.run("status").out
    shell.run("configure", "clean", "--env", "CURRENCY=EUR")
    shell.run("configure", "report", "--arg", "top=1")
    with Seat(shell, "status") as seat:
        assert seat.left() == 0
        assert hint not in seat.text
