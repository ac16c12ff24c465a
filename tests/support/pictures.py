"""The pictures of the README, drawn from a real session that really ran.

`python -m tests.support.pictures` draws them anew.
"""

import re
import sys
import tempfile
from pathlib import Path

from tests.support.pipelines import Place

from runthrough import InteractiveRuntimeTestingFactory, PipelineDAG
from runthrough.entrypoints.drawing import svg

SESSION = Path(__file__).parents[2] / "docs/images/session.svg"
_COPY = """
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
{reads}
{writes}
"""
NEEDS = {
    "clean_customers": (["customers"], ["clean"], []),
    "build_features": (["clean"], ["features"], []),
    "train_model": (["features"], ["model"], ["depth"]),
    "evaluate_model": (["model", "features"], ["metrics"], []),
    "calibrate_model": (["model"], ["calibrated"], ["method"]),
    "write_card": (["metrics"], ["card"], ["owner"]),
    "publish_model": (["calibrated", "card"], ["package"], []),
}
EDGES = (
    ("Warehouse", "CleanCustomers"),
    ("CleanCustomers", "BuildFeatures"),
    ("BuildFeatures", "TrainModel"),
    ("BuildFeatures", "EvaluateModel"),
    ("TrainModel", "EvaluateModel"),
    ("TrainModel", "CalibrateModel"),
    ("EvaluateModel", "WriteCard"),
    ("WriteCard", "PublishModel"),
    ("CalibrateModel", "PublishModel"),
)


def script(inputs, outputs, arguments, *, broken: bool = False) -> str:
    """A script that reads and writes texts."""
    reads = [f'    Path(input_paths["{name}"]).read_text()' for name in inputs]
    reads += [f"    str(job_args.{name})" for name in arguments]
    writes = [f'    Path(output_paths["{name}"]).write_text("{name}")' for name in outputs]
    writes += ['    raise ValueError("no column churned")'] if broken else []
    return _COPY.format(reads="\n".join(reads), writes="\n".join(writes))


def churn(folder: Path) -> InteractiveRuntimeTestingFactory:
    """A session in which something passed, failed, is stale, waits, and needs a person."""
    place = Place(folder)
    for name, needs in NEEDS.items():
        place.script(name, script(*needs, broken=name == "evaluate_model"))
    customers = place.file("workspace/data/customers.csv", "customer\nada\n")
    dag = PipelineDAG(name="churn")
    for source, target in EDGES:
        dag.add_edge(source, target)
    factory = place.factory(dag, session_name="churn")
    factory.mark_external("Warehouse", {"customers": customers})
    factory.configure_script_testing("TrainModel", job_arguments={"depth": 3})
    factory.configure_script_testing("CalibrateModel", job_arguments={"method": "platt"})
    factory.execute_dag_guided_testing(["+EvaluateModel", "CalibrateModel"])
    factory.configure_script_testing("CalibrateModel", job_arguments={"method": "isotonic"})
    return factory


def session_picture(folder: Path) -> str:
    """The picture of that session; how long scripts took is made equal."""
    with churn(folder) as factory:
        view = factory._session.picture()
    drawn = svg(view["nodes"], view["edges"], title="churn")
    return re.sub(r"\d+\.\d s\b", "0.1 s", drawn) + "\n"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        SESSION.parent.mkdir(exist_ok=True)
        SESSION.write_text(session_picture(Path(scratch)), encoding="utf-8")
    sys.stdout.write(f"{SESSION}\n")
