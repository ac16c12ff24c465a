"""Scripts are imported as their authors meant them to be."""

import pytest
from tests.support.runners import CAPTURING, EVERY

MAIN = "def main(input_paths, output_paths, environ_vars, job_args):\n"
TREE = (
    MAIN + "    from ...shared.words import GREETING\n    from . import beside\n"
    "    return [GREETING, beside.NAME, __name__, __package__]\n"
)


@pytest.fixture(params=EVERY)
def runner_url(request):
    """Every runner, the debugger's too."""
    return request.param


@pytest.mark.parametrize("regular", [True, False])
def test_relative_imports_reach_up_the_packages(stage, regular):
    """Relative imports work several packages up, with and without __init__.py."""
    stage.write("house/shared/words.py", "GREETING = 'hello'\n")
    stage.write("house/steps/train/beside.py", "NAME = 'beside'\n")
    if regular:
        for folder in ("house", "house/shared", "house/steps", "house/steps/train"):
            stage.write(f"{folder}/__init__.py", "")
    result = stage.run(
        TREE, name="house/steps/train/fit.py", module="house.steps.train.fit"
    ).result
    assert result.returned.value == [
        "hello",
        "beside",
        "house.steps.train.fit",
        "house.steps.train",
    ]


@pytest.mark.parametrize("top", ["json", "platform", "pip"])
def test_a_package_may_have_the_name_of_another(stage, top):
    """A user's package wins over a standard or an installed one of its name."""
    stage.write(f"{top}/words.py", "GREETING = 'hello'\n")
    text = MAIN + "    from .words import GREETING\n    return GREETING\n"
    assert stage.run(text, name=f"{top}/fit.py", module=f"{top}.fit").result.returned.value == (
        "hello"
    )


@pytest.mark.parametrize("runner_url", CAPTURING, indirect=True)
def test_a_package_runs_its_init_once(stage):
    """The package of a script is set up as any import would."""
    stage.write("house/__init__.py", "print('init'); LIMIT = 3\n")
    rehearsal = stage.run(
        "from . import LIMIT\nimport house.fit\n"
        + MAIN
        + "    return [LIMIT, house.fit is not None]",
        name="house/fit.py",
        module="house.fit",
    )
    assert rehearsal.result.returned.value == [3, True]
    assert rehearsal.stdout == "init\n"


def test_helpers_beside_the_script_are_found(stage):
    """A script imports the files beside it, whether or not it is in a package."""
    stage.write("steps/rows.py", "COUNT = 7\n")
    text = "import rows\n" + MAIN + "    return rows.COUNT\n"
    assert stage.run(text, name="steps/fit.py").result.returned.value == 7
    assert stage.run(text, name="steps/fit.py", module="steps.fit").result.returned.value == 7


@pytest.mark.parametrize(
    "name",
    ["json.py", "random.py", "site.py", "01-train.py", "my train.py", "train.v2.py", "main.py"],
)
def test_any_file_name_can_run(stage, name):
    """A script may have a name that is no identifier, or that a standard module has."""
    text = (
        "import json, random, sys\n"
        + MAIN
        + "    assert sys.modules[__name__].main is main\n"
        + "    return json.loads('[1]') + [random.randint(2, 2)]\n"
    )
    assert stage.run(text, name=name).result.returned.value == [1, 2]


@pytest.mark.parametrize("name", ["train.py", "01-train.py", "json.py"])
def test_own_classes_can_be_pickled(stage, name):
    """A script can pickle and unpickle instances of its own classes."""
    result = stage.run(
        """
        from __future__ import annotations
        import copy, dataclasses, pickle

        @dataclasses.dataclass
        class Model:
            depth: int = 3
            names: list[str] = dataclasses.field(default_factory=list)

        def main(input_paths, output_paths, environ_vars, job_args):
            return pickle.loads(pickle.dumps(Model(4, ["a"]))).__dict__
        """,
        name=name,
    ).result
    assert result.returned.value == {"depth": 4, "names": ["a"]}


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_worker_processes_can_be_used(stage, method):
    """A script can spread its own functions and its arguments over worker processes."""
    result = stage.run(f"""
        import multiprocessing

        def double(job):
            return job[0].depth * job[1]

        def main(input_paths, output_paths, environ_vars, job_args):
            with multiprocessing.get_context("{method}").Pool(2) as pool:
                return pool.map(double, [(job_args, 2), (job_args, 3)])
    """).result
    assert result.returned.value == [6, 9]


def test_nothing_is_written_beside_the_users_sources(stage):
    """No __pycache__ appears beside a script or what it imports."""
    stage.write("house/__init__.py", "")
    stage.write("house/rows.py", "")
    rehearsal = stage.run(
        "from . import rows\n" + MAIN + "    pass", name="house/fit.py", module="house.fit"
    )
    assert rehearsal.result.outcome == "passed"
    assert sorted(path.name for path in stage.scripts.rglob("*")) == [
        "__init__.py",
        "fit.py",
        "house",
        "rows.py",
    ]


def test_the_host_is_not_in_the_scripts_way(stage):
    """Our own file, its folder and its name are no part of the script's world."""
    result = stage.run("""
        import importlib.util, sys
        def main(input_paths):
            return [
                sys.argv,
                "script_host" in sys.modules,
                importlib.util.find_spec("script_host") is None,
                sys.path[0],
                __name__,
            ]
    """)
    script = result.request.script
    assert result.result.returned.value == [[script], False, True, str(stage.scripts), "train"]
