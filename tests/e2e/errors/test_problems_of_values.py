"""Problems of variables, arguments and notes, each read whole and mended by what is advised."""

import pytest
from tests.support.provoked import provokes, with_answers, with_questions

CONTRACT = """\
expected_input_paths: {totals: /opt/ml/input/totals.json}
expected_output_paths: {report: /opt/ml/report.txt}
expected_arguments:
  top: {choices: [1, 2, 3], required: true}
"""


@provokes("ENV_MISSING")
def test_a_variable_without_a_value(tmp_path):
    """A value that is given as advised is enough."""
    victim = with_questions(tmp_path)
    told = victim.found(
        "ENV_MISSING",
        "Missing required environment variable: CURRENCY",
        "runthrough configure clean --env CURRENCY=VALUE",
    )
    victim.follow(told, told.fix, VALUE="EUR")
    victim.gone("ENV_MISSING")


@provokes("ARG_MISSING")
def test_an_argument_without_a_value(tmp_path):
    """A value that is given as advised is enough."""
    victim = with_questions(tmp_path)
    told = victim.found(
        "ARG_MISSING",
        "Missing required argument: top",
        "runthrough configure report --arg top=VALUE",
    )
    victim.follow(told, told.fix, VALUE="1")
    victim.gone("ARG_MISSING")


@provokes("ARG_UNKNOWN")
def test_an_argument_that_the_script_does_not_name(tmp_path):
    """A slip is rejected with the near name, which is taken as advised."""
    victim = with_questions(tmp_path)
    told = victim.rejected(
        "configure report --arg tpo=1",
        "ARG_UNKNOWN",
        "The script does not name the argument tpo. Did you mean 'top'?",
        "runthrough configure report --arg top=VALUE",
    )
    victim.follow(told, told.fix, VALUE="1")
    victim.gone("ARG_UNKNOWN")


@provokes("ARG_UNKNOWN")
def test_an_argument_too_many(tmp_path):
    """One that is kept is warned of, and left out again as advised."""
    victim = with_answers(tmp_path)
    told = victim.warned(
        "configure report --arg tpo=1",
        "ARG_UNKNOWN",
        "The script does not name the argument tpo. Did you mean 'top'?",
        "runthrough configure report --unset arg.tpo; runthrough requirements report lists what "
        "it reads",
    )
    victim.follow(told, "runthrough requirements report")
    victim.follow(told, "runthrough configure report --unset arg.tpo")
    victim.gone("ARG_UNKNOWN")


@provokes("ENV_UNKNOWN")
def test_a_variable_that_is_misspelt(tmp_path):
    """It is kept, warned of, and taken back as advised."""
    victim = with_answers(tmp_path)
    told = victim.warned(
        "configure clean --env CURENCY=EUR",
        "ENV_UNKNOWN",
        "The script does not name the variable CURENCY. Did you mean 'CURRENCY'?",
        "runthrough configure clean --unset env.CURENCY; runthrough requirements clean lists "
        "what it reads",
    )
    victim.follow(told, "runthrough configure clean --unset env.CURENCY")
    victim.gone("ENV_UNKNOWN")


@provokes("SECRET_NOT_FOUND")
def test_a_secret_that_is_not_set(tmp_path):
    """It is told before anything runs, by all that look ahead; another secret is taken."""
    victim = with_answers(tmp_path)
    victim.line("configure clean --env CURRENCY=@secret:NOWHERE_SET")
    told = victim.found(
        "SECRET_NOT_FOUND",
        "The secret NOWHERE_SET, from which CURRENCY is to come, is not set on this machine",
        "set NOWHERE_SET in the environment or keyring, or runthrough configure clean "
        "--env CURRENCY=@secret:NAME",
        severity="warning",
    )
    assert "NOWHERE_SET, from which CURRENCY" in victim.line("plan").out
    victim.follow(told, "runthrough configure clean --env CURRENCY=@secret:NAME", NAME="HOME")
    victim.gone("SECRET_NOT_FOUND")


@provokes("ARG_CHOICE")
def test_an_argument_that_is_none_of_its_choices(tmp_path):
    """The nearest of the choices is taken as advised."""
    victim = with_questions(tmp_path)
    victim.file("scripts/report.contract.yaml", CONTRACT)
    victim.line("resume")
    told = victim.rejected(
        "configure report --arg top=22",
        "ARG_CHOICE",
        "Argument top is 22, which is none of 1, 2, 3",
        "runthrough configure report --arg top=2",
    )
    victim.follow(told, told.fix)
    victim.gone("ARG_CHOICE")


@provokes("ARG_TYPE")
def test_a_text_where_the_scripts_parser_reads_a_number(tmp_path):
    """It is rejected at once, not by the script; a number is taken as advised."""
    victim = with_questions(tmp_path)
    script = victim.folder / "scripts/report.py"
    parser = "import argparse\nPARSER = argparse.ArgumentParser()\n"
    option = 'PARSER.add_argument("--top", type=int, required=True)\n'
    script.write_text(script.read_text() + parser + option)
    victim.line("resume")
    told = victim.rejected(
        "configure report --arg top=ten",
        "ARG_TYPE",
        "Argument top is 'ten', which is not an integer; the script's parser says type=int",
        "runthrough configure report --arg top=NUMBER",
    )
    victim.follow(told, told.fix, NUMBER="10")
    victim.gone("ARG_TYPE")


@pytest.mark.parametrize("way", ["@secret:NAME", "@plain:VALUE"])
@provokes("SECRET_IN_PLAIN")
def test_a_secret_in_plain_text(tmp_path, way):
    """The value is told nowhere; a reference is taken, and so is what is said to be none."""
    victim = with_answers(tmp_path)
    told = victim.rejected(
        "configure clean --env API_TOKEN=abc123def",
        "SECRET_IN_PLAIN",
        "API_TOKEN looks like a secret in plain text and was not kept",
        "runthrough configure clean --env API_TOKEN=@secret:NAME (resolved when the script "
        "starts), or @plain:VALUE when it is no secret",
    )
    assert b"abc123def" not in victim.stored()
    assert way in told.fix
    given = way.replace("NAME", "PROD_TOKEN").replace("VALUE", "none")
    victim.line(f"configure clean --env API_TOKEN={given}")
    victim.gone("SECRET_IN_PLAIN")


@provokes("SECRET_IN_PLAIN")
def test_a_secret_in_place_of_its_name(tmp_path):
    """What no secret is called is not recorded as a name, and the name is written instead."""
    victim = with_answers(tmp_path)
    planted = "s" + "k-live-123456"
    victim.rejected(
        f"configure clean --env API_TOKEN=@secret:{planted}",
        "SECRET_IN_PLAIN",
        "API_TOKEN looks like a secret in plain text and was not kept",
        "runthrough configure clean --env API_TOKEN=@secret:NAME (resolved when the script "
        "starts), or @plain:VALUE when it is no secret",
    )
    assert planted.encode() not in victim.stored()
    victim.line("configure clean --env API_TOKEN=@secret:PROD_TOKEN")
    victim.gone("SECRET_IN_PLAIN")


@provokes("SECRET_IN_PLAIN")
def test_a_secret_in_a_note(tmp_path):
    """A note is kept masked, and repeated without the secret it is nothing to know."""
    victim = with_answers(tmp_path)
    victim.warned(
        "configure report --note 'the password: hunter2'",
        "SECRET_IN_PLAIN",
        "The note held what looks like a secret; it is kept masked",
        "repeat the note without the secret",
    )
    assert b"hunter2" not in victim.stored()
    victim.line("configure report --note 'the password: see the wiki'")
    victim.gone("SECRET_IN_PLAIN")
