"""Answering what a node needs, at the command line."""

import pytest
from tests.support.cli import answered, begun, orders_shell

pytestmark = pytest.mark.slow

SECRET = "hunter2-is-no-secret-now"


def test_an_answer_is_accepted_and_told(tmp_path):
    """What was accepted is shown, with the node's new state and the next command."""
    shell = begun(tmp_path)
    done = shell.run("configure", "clean", "--env", "CURRENCY=EUR")
    assert "clean is configured" in done.out
    assert "env.CURRENCY  not set → EUR" in done.out
    assert done.out.splitlines()[-1] == "next:  runthrough configure report --arg top=VALUE"


def test_an_answer_in_json(tmp_path):
    """--json tells node, state, version, values, problems and the next command."""
    shell = begun(tmp_path)
    told = shell.run("configure", "clean", "--env", "CURRENCY=EUR", "--json").json
    assert set(told) == {"node", "state", "version", "values", "problems", "next_command"}
    assert told["state"] == "configured"
    assert told["values"]["env.CURRENCY"] == "EUR"
    assert told["problems"] == []


def test_arguments_are_json_where_they_are_json(tmp_path):
    """--arg takes numbers, truth values, lists and texts; NaN and infinity stay text."""
    shell = begun(tmp_path)
    given = ("3", "0.5", "true", "[1, 2]", '{"a": null}', "three", '"3"', "NaN", "1e999")
    words = [word for number, text in enumerate(given) for word in ("--arg", f"a{number}={text}")]
    values = shell.run("configure", "report", "--arg", "top=1", *words, "--json").json["values"]
    told = [values[f"arg.a{number}"] for number in range(len(given))]
    assert told == [3, 0.5, True, [1, 2], {"a": None}, "three", "3", "NaN", "1e999"]


def test_a_secret_in_the_place_of_a_name_is_refused(tmp_path):
    """A swapped NAME=VALUE is exit 2; nothing of it is repeated, and nothing is recorded."""
    shell = begun(tmp_path)
    key = "gh" + "p_" + "a1" * 18
    before = shell.run("history", "--json").json
    for option, value in (("--arg", "3"), ("--env", "x"), ("--input", "p"), ("--output", "p")):
        done = shell.run("configure", "report", option, f"{key}={value}", code=2)
        assert "names cannot be masked" in done.err
        assert "NAME=VALUE" in done.err
        assert key not in done.out + done.err
    done = shell.run("external", "clean", "--output", f"{key}=data", code=2)
    assert key not in done.out + done.err
    done = shell.run("configure", "report", "--input", f"orders=@clean.{key}", code=2)
    assert key not in done.out + done.err
    assert shell.run("history", "--json").json == before


def test_variables_stay_text(tmp_path):
    """--env never guesses a type."""
    shell = begun(tmp_path)
    done = shell.run("configure", "clean", "--env", "CURRENCY=1.50", "--json")
    assert done.json["values"]["env.CURRENCY"] == "1.50"


def test_a_limit_is_an_answer(tmp_path):
    """--limit takes each limit by name, keeps those that were given before, and tells them."""
    shell = answered(tmp_path)
    shell.run("configure", "clean", "--limit", "memory=2GiB", "--limit", "cpu_s=60")
    done = shell.run("configure", "clean", "--limit", "cpu_s=90", "--json")
    limits = {n: v for n, v in done.json["values"].items() if n.startswith("limit.")}
    assert limits == {"limit.memory_bytes": 2 * 2**30, "limit.cpu_s": 90}
    refused = shell.run("configure", "clean", "--limit", "memory=lots", code=2)
    assert "the limit memory is bytes, or a size such as 2GiB, above 0" in refused.err


def test_a_missing_file_is_rejected_with_its_fix(tmp_path):
    """An input that is not there is exit 2 with every problem and its fix, and recorded."""
    shell = begun(tmp_path)
    done = shell.run("configure", "clean", "--input", "orders=nowhere.csv", "--json", code=2)
    assert done.err.startswith("error: Configuration validation failed for clean:")
    assert "Input file does not exist: " in done.err
    assert "nowhere.csv" in done.err
    assert "→ " in done.err
    error = done.json["error"]
    codes = {problem["code"] for problem in error["problems"]}
    assert codes == {"INPUT_NOT_FOUND", "ENV_MISSING"}
    assert error["code"] == "CONFIGURATION_INVALID"
    assert shell.run("history", "--json").json[-1]["type"] == "ConfigurationRejected"
    assert shell.run("status", "--json").json["nodes"]["clean"]["state"] == "pending"


def test_an_unknown_node_names_the_nearest(tmp_path):
    """A mistyped node is exit 2 with the name that was meant."""
    done = begun(tmp_path).run("configure", "claen", "--env", "CURRENCY=EUR", code=2)
    assert done.err.startswith(
        "error: Script 'claen' not found in discovered scripts. Did you mean 'clean'?\n  → "
    )


def test_two_nodes_cannot_write_one_path(tmp_path):
    """An output path that another node writes is rejected: exit 2, OUTPUT_CLASH."""
    shell = answered(tmp_path)
    shell.run("configure", "clean", "--output", "clean_orders=out/one.csv")
    done = shell.run("configure", "total", "--output", "totals=out/one.csv", "--json", code=2)
    (problem,) = done.json["error"]["problems"]
    assert problem["code"] == "OUTPUT_CLASH"
    assert "clean" in problem["message"]
    assert problem["fix"]


def test_a_partial_answer_is_kept(tmp_path):
    """--partial keeps what holds, and tells what is still missing."""
    shell = begun(tmp_path)
    done = shell.run("configure", "clean", "--note", "half", code=2)
    assert "CURRENCY" in done.err
    done = shell.run("configure", "clean", "--note", "half", "--partial")
    assert "clean is pending" in done.out
    assert "user_notes  not set → half" in done.out
    assert "CURRENCY" in done.out


def test_answers_are_merged_unless_replaced(tmp_path):
    """A second answer leaves the first in place; --replace forgets it."""
    shell = answered(tmp_path)
    done = shell.run("configure", "clean", "--timeout", "30", "--json")
    assert done.json["values"]["env.CURRENCY"] == "EUR"
    done = shell.run("configure", "report", "--arg", "more=1", "--replace", code=2)
    assert "Missing required argument: top" in done.err


def test_an_answer_based_on_what_has_changed_is_a_conflict(tmp_path):
    """--based-on an older version is exit 4 and told field by field, when the node changed."""
    shell = answered(tmp_path)
    version = shell.run("status", "--json").json["version"]
    shell.run("configure", "report", "--arg", "top=2", "--as", "bob")
    words = ("configure", "report", "--arg", "top=3", "--based-on", str(version), "--json")
    done = shell.run(*words, code=4)
    assert done.json["error"]["code"] == "VERSION_CONFLICT"
    assert done.json["error"]["fields"] == [
        {"field": "arg.top", "base": 1, "theirs": 2, "yours": 3}
    ]
    assert "report was changed by bob" in done.err
    assert "  arg.top: base 1, theirs 2, yours 3\n" in done.err
    shell.run("configure", "report", "--note", "'x'", "--as", "bob")
    words = ("configure", "report", "--arg", "more=1", "--based-on", str(version), "--json")
    done = shell.run(*words, code=4)
    assert done.json["error"]["fields"][1:] == [
        {"field": "arg.top", "base": 1, "theirs": 2, "yours": None},
        {"field": "user_notes", "base": None, "theirs": "'x'", "yours": None},
    ]
    assert "  arg.more: base not set, theirs not set, yours 1\n" in done.err
    assert "  arg.top: base 1, theirs 2\n" in done.err
    assert "  user_notes: base not set, theirs 'x'\n" in done.err
    shell.run("configure", "clean", "--env", "CURRENCY=USD", "--based-on", str(version))


def test_an_input_may_be_another_nodes_output(tmp_path):
    """`--input name=@Node.output` connects, and says so."""
    shell = answered(tmp_path)
    done = shell.run("configure", "total", "--input", "clean_orders=@clean.clean_orders", "--json")
    assert done.json["values"]["input.clean_orders"] == "@clean.clean_orders"


def test_what_was_kept_of_a_partial_answer_is_told_beside_what_was_not(tmp_path):
    """The screen and --json say it; where nothing was kept they say nothing of it."""
    shell = begun(tmp_path)
    words = ("configure", "clean", "--input", "orders=nowhere.csv", "--json")
    done = shell.run(*words, "--env", "CURRENCY=EUR", "--partial", code=2)
    assert "What holds was kept:\n" in done.err
    assert "    env.CURRENCY  not set → EUR\n" in done.err
    assert "env.CURRENCY  not set → EUR" in done.json["error"]["kept"]
    again = shell.run(*words, "--env", "CURRENCY=USD", code=2)
    assert "kept" not in again.json["error"]
    assert "kept" not in again.err


def test_null_is_a_value_of_an_argument(tmp_path):
    """It is told apart from an argument that is not set."""
    shell = begun(tmp_path)
    shell.run("configure", "report", "--arg", "top=1")
    done = shell.run("configure", "report", "--arg", "top=null", "--arg", "more=null")
    assert "arg.top  1 → null" in done.out
    assert "arg.more  not set → null" in done.out
    told = shell.run("history", "--node", "report").out
    assert "arg.more  not set → null" in told
    (row,) = (
        line for line in shell.run("requirements", "report").out.splitlines() if "* top" in line
    )
    assert "null" in row
    assert "arg.more  null → not set" in shell.run("diff", "now", "4").out


def test_what_is_no_pair_is_a_usage_error_that_repeats_no_value(tmp_path):
    """An option without `=`, or one name twice, is exit 2; what was typed is not echoed."""
    shell = begun(tmp_path)
    done = shell.run("configure", "clean", "--env", SECRET, code=2)
    assert "--env" in done.err
    assert SECRET not in done.err + done.out
    done = shell.run("configure", "clean", "--env", "A=1", "--env", "A=2", code=2)
    assert "A is given twice" in done.err


def test_a_secret_typed_plainly_is_refused_and_found_nowhere(tmp_path):
    """What looks like a secret is refused by the field's name; its value is stored nowhere."""
    shell = answered(tmp_path)
    for option, name in (("--env", "DB_PASSWORD"), ("--arg", "api_key")):
        done = shell.run("configure", "clean", option, f"{name}={SECRET}", code=2)
        assert name in done.err
        assert SECRET not in done.err + done.out
    url = f"db=postgresql://ann:{SECRET}@host/db"
    assert SECRET not in shell.run("configure", "clean", "--arg", url, code=2).err
    shell.run("configure", "clean", "--note", f"see postgresql://ann:{SECRET}@host/db")
    assert SECRET.encode() not in shell.stored()
    assert SECRET not in shell.run("history", "--json").out


def test_a_secret_is_given_by_its_name(tmp_path):
    """@secret:NAME is kept as a name and resolved when the script starts; logs are redacted."""
    shell = orders_shell(tmp_path)
    shell.file(
        "scripts/clean.py",
        "import pathlib\n"
        "def main(input_paths, output_paths, environ_vars, job_args):\n"
        "    secret = environ_vars['DB_PASSWORD']\n"
        "    print('the secret has', len(secret), 'letters:', secret)\n"
        "    pathlib.Path(output_paths['clean_orders']).write_text(str(len(secret)))\n",
    )
    shell.run("new", "pipeline.yaml")
    done = shell.run("configure", "clean", "--env", "DB_PASSWORD=@secret:DB", "--json")
    assert done.json["values"]["env.DB_PASSWORD"] == {"secret": "DB"}
    shell.run("run", "clean", DB=SECRET)
    told = shell.run("logs", "clean").out
    assert f"the secret has {len(SECRET)} letters" in told
    assert SECRET not in told
    assert SECRET.encode() not in shell.stored()


def test_what_only_looks_secret_is_given_as_plain(tmp_path):
    """@plain:VALUE says that it is none: the value is kept, typed like any other."""
    shell = begun(tmp_path)
    words = ("--env", "CURRENCY=@plain:EUR", "--env", "X_TOKEN=@plain:cls", "--arg")
    done = shell.run("configure", "clean", *words, "max_token=@plain:7", "--json")
    values = done.json["values"]
    assert (values["env.CURRENCY"], values["env.X_TOKEN"]) == ("EUR", "cls")
    assert values["arg.max_token"] == 7


def test_requirements_shows_what_a_node_needs_and_has(tmp_path):
    """Each need has its mark, its value, where it is known from; the answer is ready to type."""
    shell = begun(tmp_path)
    told = shell.run("requirements", "clean").out
    assert "clean · scripts/clean.py · pending" in told
    assert "* orders" in told
    assert "data/orders.csv" in told
    assert "* CURRENCY" in told
    assert "[code]" in told
    assert told.splitlines()[-1] == "next:  runthrough configure clean --env CURRENCY=VALUE"


def test_requirements_in_json(tmp_path):
    """--json is the founding plan's dictionary, the drift, the state and what to type next."""
    view = begun(tmp_path).run("requirements", "report", "--json").json
    assert {
        "script_name",
        "step_name",
        "script_path",
        "expected_inputs",
        "expected_outputs",
        "environment_variables",
        "job_arguments",
        "auto_configurable",
        "drift",
        "state",
        "external",
        "next_command",
    } == set(view)
    assert (view["state"], view["external"]) == ("pending", False)
    assert view["next_command"] == "runthrough configure report --arg top=VALUE"
    assert [need["name"] for need in view["job_arguments"]] == ["top"]


def test_requirements_of_a_settled_node_go_on_with_the_session(tmp_path):
    """A configured node's screen ends with what the session needs next, not with a change."""
    told = answered(tmp_path).run("requirements", "report").out
    assert "· configured" in told.splitlines()[0]
    assert told.splitlines()[-1] == "next:  runthrough run"


def test_a_version_that_is_not_there_yet_is_no_base(tmp_path):
    """--based-on takes only versions that the session has had."""
    shell = begun(tmp_path)
    done = shell.run("configure", "clean", "--env", "CURRENCY=EUR", "--based-on", "999", code=2)
    assert "not yet at 999" in done.err


def test_a_secret_needs_a_name(tmp_path):
    """@secret: alone is refused; nothing is recorded."""
    shell = begun(tmp_path)
    done = shell.run("configure", "clean", "--env", "CURRENCY=@secret:", code=2)
    assert "name the secret" in done.err


def test_an_empty_path_is_no_answer(tmp_path):
    """What leaves an input open is another command; nothing is recorded."""
    shell = begun(tmp_path)
    before = shell.run("status", "--json").json["version"]
    assert (
        "runthrough disconnect"
        in shell.run("configure", "clean", "--input", "orders=", code=2).err
    )
    assert "runthrough clear" in shell.run("configure", "clean", "--output", "x=", code=2).err
    assert shell.run("status", "--json").json["version"] == before
