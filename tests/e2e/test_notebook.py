"""What a notebook shows of a real session, and the demo notebook itself."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.pipelines import answered, orders, orders_answers
from tests.support.shown import Shown, shown

NOTEBOOK = Path(__file__).parents[2] / "docs/notebooks/rehearse_a_pipeline.py"


def test_a_factory_shows_where_the_session_stands(tmp_path):
    """The picture with its wiring, the work list, and the next call."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory:
        page = shown(factory)
        for told in ("CleanOrders", "? needs you", "⊘ blocked", "clean_orders", "next:"):
            assert told in page.words
        assert "factory.configure_script_testing('CleanOrders'" in page.words
        assert "runthrough configure" not in page.words
        assert page.tags.count("svg") == 1


def test_every_answer_is_shown(tmp_path):
    """Work list, needs, results, history and differences, as they are after a run."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory:
        before = factory.version
        results = answered(factory, orders_answers(place)).execute_dag_guided_testing()
        page = shown(results)
        assert page.words.count("✓ passed") == 3 + 3 + 1
        assert "CleanOrders->TotalOrders" in page.words
        assert "✓ passed" in shown(factory.worklist()).words
        assert "CURRENCY" in shown(factory.get_script_testing_requirements("CleanOrders")).words
        assert "configured CleanOrders" in shown(factory.history()).words
        assert "env.CURRENCY" in shown(factory.diff(before)).words


def test_a_failure_is_shown_with_its_reason(tmp_path):
    """The line where it was raised and the end of the log, without a look elsewhere."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory:
        answered(factory, orders_answers(place))
        (place.workspace / "data/orders.csv").write_text("order_id,total\n1,none\n")
        results = factory.execute_dag_guided_testing()
        (cause,) = results["root_causes"]
        words = shown(results).words
    for told in (f"{cause['node']}: why", " in main", "Traceback", f"logs({cause['node']!r})"):
        assert told in words


def test_a_session_that_cannot_be_read_says_so(tmp_path):
    """A display never raises: it tells what the error would have told."""
    place, dag = orders(tmp_path)
    factory = place.factory(dag)
    factory.release()
    page = shown(factory)
    assert "This object has let go of session" in page.words
    assert "resume(" in page.words


def test_a_database_that_is_gone_is_told(tmp_path):
    """The display says what is wrong and what to do, as a call would."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory:
        for file in tmp_path.glob("log.db*"):
            file.unlink()
        page = shown(factory)
    assert "cannot be shown" in page.words
    assert "runthrough db upgrade" in page.words


def test_the_past_is_shown_as_it_was(tmp_path):
    """The picture of then, and that no file of today is looked at."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory:
        answered(factory, orders_answers(place)).execute_dag_guided_testing()
        with factory.as_of(1) as past:
            told = shown(past).words
            assert "0 of 3 scripts configured" in repr(past)
            steps = [row["next"] for row in past.worklist()]
            assert past.status()["next_command"] == "factory.fork(at=1)"
    assert steps == [None] * len(steps)
    assert "next:  factory.fork(at=1)" in told
    assert "version 1 " in told
    assert "UTC; no file is looked at" in told
    assert "passed" not in told


def test_a_session_of_another_machine_says_what_is_not_looked_at(tmp_path):
    """How many paths that are stands above the picture."""
    place, dag = orders(tmp_path)
    with place.factory(dag, session_name="orders") as factory:
        answered(factory, orders_answers(place))
    program = """
        from runthrough import InteractiveRuntimeTestingFactory
        print(InteractiveRuntimeTestingFactory.open("orders")._repr_html_())
    """
    told = Shown(place.python(program, RUNTHROUGH_HOST="elsewhere")).words
    assert "paths that are not on this machine and are not looked at: " in told


def test_a_secret_is_shown_by_its_name_alone(tmp_path):
    """Neither a secret nor a value that looked like one is in any display."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory:
        answered(factory, orders_answers(place))
        values = {"environment_variables": {"API_TOKEN": {"secret": "token"}}}
        with pytest.warns(UserWarning, match="secret"):
            factory.configure_script_testing(
                "CleanOrders", user_notes="password=tiger-1234", **values
            )
        needs = factory.get_script_testing_requirements("CleanOrders")
        words = [shown(one).words for one in (factory, factory.history(), needs)]
        assert "@secret:token" in words[1]
        assert not any("tiger-1234" in told for told in words)


def test_looking_at_nothing_imports_no_drawing(tmp_path):
    """Whoever works without a notebook does not pay for it."""
    place, _ = orders(tmp_path)
    told = place.python("""
        import sys
        from runthrough import InteractiveRuntimeTestingFactory
        print([name for name in sys.modules if "drawing" in name or "graphlay" in name])
    """)
    assert told.strip() == "[]"


@pytest.mark.slow
def test_the_demo_notebook_runs_and_shows_each_step(tmp_path, monkeypatch):
    """Discover, configure, run, history: each display is HTML, and those of a session drawn."""
    import jupytext
    import nbclient

    # Nothing of the person's own Jupyter is used or written: the kernel is this interpreter.
    for name in ("JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    notebook = jupytext.read(NOTEBOOK)
    nbclient.NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    ).execute()
    displays = [
        output["data"]
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if "text/html" in output.get("data", {})
    ]
    assert all(display["text/plain"] for display in displays)
    pages = [Shown(display["text/html"]) for display in displays]
    assert sum(page.tags.count("svg") for page in pages) == 4
    told = " ".join(page.words for page in pages)
    for step in ("? needs you", "✓ passed", "~ stale", "= reused", "arg.top  1 → 2"):
        assert step in told


@pytest.mark.slow
def test_the_demo_notebook_is_a_notebook():
    """Its cells survive the way to an .ipynb file and back."""
    import jupytext

    there = jupytext.writes(jupytext.read(NOTEBOOK), fmt="ipynb")
    back = jupytext.writes(jupytext.reads(there, fmt="ipynb"), fmt="py:percent")
    assert back.partition("# %%")[2] == NOTEBOOK.read_text().partition("# %%")[2]


def test_the_demo_notebook_is_also_a_program(tmp_path):
    """Without a notebook it runs as a script, and fails nowhere."""
    done = subprocess.run(
        [sys.executable, "-W", "error", NOTEBOOK], cwd=tmp_path, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
