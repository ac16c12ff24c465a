"""A script whose contract disagrees, at the command line."""

import pytest
from tests.support.cli import Shell

pytestmark = pytest.mark.slow

SCRIPT = '''"""Train on a table."""
import os
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    table = Path(input_paths["data_input"]).read_text()
    rate = float(environ_vars.get("RATE", "0.1"))
    Path(output_paths["model"]).write_text(f"{table}{rate}")


if __name__ == "__main__":
    main({"data_input": "/opt/in/data"}, {"model": "/opt/out/model"}, dict(os.environ), None)
'''
CONTRACT = """\
entry_point: train.py
expected_input_paths: {DATA: /opt/in/data, HOLIDAYS: /opt/in/holidays}
expected_output_paths: {model: /opt/out/model}
required_env_vars: [RATE]
"""


def begun(folder):
    shell = Shell(folder)
    shell.file("scripts/train.py", SCRIPT)
    shell.file("scripts/train.contract.yaml", CONTRACT)
    shell.file("data.csv", "a\n1\n")
    shell.file("pipeline.yaml", "name: p\nscripts: [scripts]\nnodes: {train: {}}\n")
    shell.run("new", "pipeline.yaml", "--name", "demo")
    return shell


def test_the_drift_report_names_each_side(tmp_path):
    """What only the contract knows is drift; a name for the same container path is an alias."""
    shell = begun(tmp_path)
    view = shell.run("requirements", "train", "--json").json
    assert view["drift"] == ["contract: HOLIDAYS · code: none"]
    needs = {need["name"]: need for need in view["expected_inputs"]}
    assert needs["data_input"]["source"] == "contract, code"
    assert (needs["HOLIDAYS"]["required"], needs["HOLIDAYS"]["level"]) == (False, "unread")
    screen = shell.run("requirements", "train").out
    assert "contract and code disagree" in screen
    assert "contract: HOLIDAYS · code: none" in screen


def test_an_answer_under_the_contracts_name_is_the_codes(tmp_path):
    """Either name of one need may be given, and the node then needs nothing."""
    shell = begun(tmp_path)
    told = shell.run("configure", "train", "--input", "DATA=data.csv", "--json").json
    assert told["state"] == "configured"
    shell.run("run")


def test_check_warns_of_drift_and_of_what_is_recommended(tmp_path):
    """Neither makes the node pending: a warning with the code's default."""
    shell = begun(tmp_path)
    shell.run("configure", "train", "--input", "data_input=data.csv")
    problems = shell.run("check", "--json").json["problems"]
    assert {(p["code"], p["severity"]) for p in problems} == {
        ("CONTRACT_DRIFT", "warning"),
        ("ENV_MISSING", "warning"),
    }
    (recommended,) = [p["message"] for p in problems if p["code"] == "ENV_MISSING"]
    assert "RATE" in recommended
    assert "0.1" in recommended


def test_an_edited_contract_is_read_again(tmp_path):
    """The next look records what the node needs by now, and why."""
    shell = begun(tmp_path)
    shell.file("scripts/train.contract.yaml", CONTRACT.replace(", HOLIDAYS: /opt/in/holidays", ""))
    shell.run("resume")
    assert shell.run("requirements", "train", "--json").json["drift"] == []
    rows = shell.run("history", "--node", "train", "--json").json
    assert [row["type"] for row in rows][-1] == "RequirementsRead"
    assert "(contract)" in rows[-1]["sentence"]
