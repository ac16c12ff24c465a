"""Small real pipelines: scripts, their inputs, and the DAG over them, in a folder of a test."""

import itertools
import os
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runthrough import InteractiveRuntimeTestingFactory, PipelineDAG

CLEAN = '''
"""Keep the orders of one currency."""
import csv
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    currency = environ_vars["CURRENCY"]
    with open(input_paths["orders"], newline="") as source:
        rows = [row for row in csv.DictReader(source) if row["currency"] == currency]
    with open(output_paths["clean_orders"], "w", newline="") as target:
        writer = csv.DictWriter(target, ["customer", "currency", "amount"])
        writer.writeheader()
        writer.writerows(rows)
    return {"rows": len(rows)}
'''
TOTAL = '''
"""Add up what each customer spent."""
import csv
import json
from collections import Counter
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    totals = Counter()
    with open(input_paths["clean_orders"], newline="") as source:
        for row in csv.DictReader(source):
            totals[row["customer"]] += int(row["amount"])
    Path(output_paths["totals"]).write_text(json.dumps(totals))
'''
REPORT = '''
"""Name the best customers."""
import json
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    totals = json.loads(Path(input_paths["totals"]).read_text())
    best = sorted(totals, key=totals.get, reverse=True)[: job_args.top]
    Path(output_paths["report"]).write_text("\\n".join(best))
'''
MAKE = """
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    for name in ("alpha", "beta"):
        Path(output_paths[name]).write_text(name)
"""
TAKE = """
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    Path(output_paths["copy"]).write_text(Path(input_paths["gamma"]).read_text())
"""
PARTS = """
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    for part in ("one", "two"):
        (Path(output_paths["parts"]) / part).mkdir(parents=True)
        (Path(output_paths["parts"]) / part / "rows.csv").write_text(part)
"""
READS_PARTS = """
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    (Path(input_paths["gamma"]) / "rows.csv").read_text()
"""
MADE = """\
name: made
scripts: [scripts]
nodes: {make: {}, take: {}}
edges: [[make, take]]
"""
ORDERS = """customer,currency,amount
ada,EUR,30
bob,EUR,20
cy,USD,99
ada,EUR,5
"""
DEADLINE_S = 120
"""For what takes seconds: two cores may be busy with other tests."""


@dataclass(frozen=True)
class Place:
    """A folder of a test with scripts, files and a database of its own."""

    folder: Path

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.folder / "log.db"

    @property
    def database_url(self) -> str:
        """The SQLite file as a URL."""
        return f"sqlite:///{self.database}"

    @property
    def workspace(self) -> Path:
        """The folder whose `scripts/` hold the scripts."""
        return self.folder / "workspace"

    def script(self, name: str, source: str) -> Path:
        """Write a script into the workspace."""
        return self.file(f"workspace/scripts/{name}.py", textwrap.dedent(source).lstrip())

    def file(self, name: str, content: str) -> Path:
        """Write a file below the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return path

    def factory(self, dag: Any, **how: Any) -> InteractiveRuntimeTestingFactory:
        """A factory over the workspace and the database."""
        given = {"workspace_dir": self.workspace, "actor": "ann", **how}
        return InteractiveRuntimeTestingFactory(dag, database_url=self.database_url, **given)

    def resume(self, session: str = "@last", **how: Any) -> InteractiveRuntimeTestingFactory:
        """Go on with a session of the database."""
        given = {"actor": "ann", **how}
        return InteractiveRuntimeTestingFactory.resume(
            session, database_url=self.database_url, **given
        )

    def open(self, session: str, at: Any = None) -> InteractiveRuntimeTestingFactory:
        """Look at a session of the database."""
        return InteractiveRuntimeTestingFactory.open(session, at, database_url=self.database_url)

    def python(self, program: str, *words: str, **environ: str) -> str:
        """Run a Python program in a child process, in the folder; what it printed."""
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", textwrap.dedent(program), *words],
            cwd=self.folder,
            env={**os.environ, "RUNTHROUGH_DATABASE_URL": self.database_url, **environ},
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def logged(self, columns: str = "type") -> list[tuple[Any, ...]]:
        """Columns of all events, in their order."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as database:
            return database.execute(f"SELECT {columns} FROM events ORDER BY position").fetchall()

    def types(self) -> list[str]:
        """The types of all events, in their order."""
        return [kind for (kind,) in self.logged()]


def tree(folder: Path) -> Mapping[str, bytes | None]:
    """Every path below a folder with its content; `None` for folders."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def orders(folder: Path) -> tuple[Place, PipelineDAG]:
    """Three nodes in a row: the first and the last need a person, the second needs none."""
    place = Place(folder)
    place.script("clean_orders", CLEAN)
    place.script("total_orders", TOTAL)
    place.script("write_report", REPORT)
    place.file("workspace/data/orders.csv", ORDERS)
    dag = PipelineDAG(
        nodes=["CleanOrders", "TotalOrders", "WriteReport"],
        edges=[("CleanOrders", "TotalOrders"), ("TotalOrders", "WriteReport")],
        name="orders",
    )
    return place, dag


def orders_answers(place: Place) -> dict[str, dict[str, Any]]:
    """What the nodes of `orders` need of a person, as keywords."""
    return {
        "CleanOrders": {
            "expected_inputs": {"orders": place.workspace / "data/orders.csv"},
            "environment_variables": {"CURRENCY": "EUR"},
        },
        "WriteReport": {"job_arguments": {"top": 1}},
    }


def answered(
    factory: InteractiveRuntimeTestingFactory, answers: Mapping[str, Mapping[str, Any]]
) -> InteractiveRuntimeTestingFactory:
    """The factory, with all that is pending configured."""
    for node in factory.get_pending_script_configurations():
        factory.configure_script_testing(node, **answers[node])
    return factory


def chain(folder: Path, names: Sequence[str], source: str) -> tuple[Place, PipelineDAG]:
    """Nodes in a row, each over a script of its own with the same source."""
    place = Place(folder)
    for name in names:
        place.script(name, source)
    edges = list(itertools.pairwise(names))
    return place, PipelineDAG(nodes=names, edges=edges, name="chain")
