"""How main is called."""

import pytest
from tests.support.runners import EVERY

ALL = "[input_paths, output_paths, environ_vars, job_args]"


@pytest.fixture(params=EVERY)
def runner_url(request):
    """Every runner, the debugger's too."""
    return request.param


@pytest.mark.parametrize(
    "text",
    [
        f"async def main(input_paths, output_paths, environ_vars, job_args):\n    return {ALL}\n",
        f"def main(input_paths, output_paths, environ_vars, job_args, log=0):\n    return {ALL}\n",
        "def main(**given):\n    return list(given.values())\n",
        "def main(*given):\n    return list(given)\n",
    ],
)
def test_main_gets_what_was_resolved(stage, text):
    """Whatever form main has, it gets paths, variables and arguments."""
    result = stage.run(text).result
    assert result.returned.value == [
        {"raw": "/in/raw.csv"},
        {"clean": "/out/clean.csv"},
        {"LABEL": "y"},
        {"depth": 3},
    ]


def test_job_args_are_read_as_attributes_and_as_a_mapping(stage):
    """Arguments can be read as from argparse and as from a dict."""
    result = stage.run(
        """
        import json

        def main(input_paths, output_paths, environ_vars, job_args):
            return [
                job_args.depth, job_args["depth"], job_args.get("none", 1), "depth" in job_args,
                list(job_args), list(job_args.keys()), dict(job_args.items()), vars(job_args),
                dict(**job_args), json.dumps(job_args), getattr(job_args, "none", "absent"),
                hasattr(job_args, "rate"),
            ]
        """,
        job_args={"depth": 3, "rate": 0.5},
    ).result
    both = {"depth": 3, "rate": 0.5}
    names = ["depth", "rate"]
    assert result.returned.value == [
        *(3, 3, 1, True, names, names, both, both, both),
        *('{"depth": 3, "rate": 0.5}', "absent", True),
    ]


def test_a_missing_argument_is_named_with_those_there_are(stage):
    """Reading an argument that was not given says which were."""
    result = stage.run("def main(job_args):\n    return job_args.dept\n").result
    assert (result.outcome, result.error.type) == ("failed", "AttributeError")
    assert result.error.message == "job_args has no 'dept'; it has: depth"


def test_a_parameter_that_nobody_fills_is_named(stage):
    """A required parameter of another name is a failure that names it."""
    text = "def main(input_paths, output_paths, environ_vars, job_args, logger):\n    pass\n"
    result = stage.run(text).result
    assert (result.outcome, result.error.type) == ("failed", "TypeError")
    assert "missing 1 required positional argument: 'logger'" in result.error.message
