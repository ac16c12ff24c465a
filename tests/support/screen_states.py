"""What lies in the folder when a screen is looked at: files, and sessions people worked on."""

import json
from collections.abc import Callable

from tests.support.cli import PIPELINE
from tests.support.pipelines import CLEAN, MADE, MAKE, ORDERS, REPORT, TAKE, TOTAL
from tests.support.screens import Stage

CONVERT = '''
"""Turn amounts into one currency."""
import csv
from pathlib import Path


def rate_of(currency, rates):
    return rates[currency]


def main(input_paths, output_paths, environ_vars, job_args):
    rates = {"EUR": 1.0}
    with open(input_paths["clean_orders"], newline="") as source:
        rows = list(csv.DictReader(source))
    amounts = []
    for row in rows:
        amounts.append(int(row["amount"]) * rate_of(job_args.currency, rates))
    Path(output_paths["converted_orders"]).write_text(str(amounts))
'''
STOCK = '''
"""Compare what was ordered with what is there."""
import sys
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    missing = [row for row in open(input_paths["stock_levels"]) if row.endswith(",0\\n")]
    if missing:
        print(f"{len(missing)} article is out of stock", file=sys.stderr)
        sys.exit(3)
    Path(output_paths["missing_articles"]).write_text("".join(missing))
'''
STATEMENT = '''
"""Write what customers are sent."""
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    converted = Path(input_paths["converted_orders"]).read_text()
    missing = Path(input_paths["missing_articles"]).read_text()
    Path(output_paths["statement"]).write_text(converted + missing)
'''
SHOP = """\
name: shop_monthly_statement
scripts: [scripts]
nodes:
  Warehouse: {external: true, outputs: {stock_levels: data/stock.csv}}
  CleanOrders:
    script: scripts/clean.py
    inputs: {orders: data/orders.csv}
    environ_vars: {CURRENCY: EUR}
  ConvertCurrency_production: {script: scripts/convert.py, job_args: {currency: USD}}
  CheckStock: {script: scripts/stock.py}
  TotalByCustomer: {script: scripts/total.py}
  MonthlyStatement_production_europe: {script: scripts/statement.py}
edges:
  - [Warehouse, CheckStock]
  - [CleanOrders, ConvertCurrency_production]
  - [CleanOrders, TotalByCustomer]
  - [ConvertCurrency_production, MonthlyStatement_production_europe]
  - [CheckStock, MonthlyStatement_production_europe]
"""
SPLIT = """
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    for side in ("north", "south"):
        Path(output_paths[side]).write_text("label,x\\n1,2\\n")
"""
JOIN = """
import csv
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    first = next(csv.DictReader(open(input_paths["parts"])))
    Path(output_paths["joined"]).write_text(first["labl"])
"""
PARTS = """\
name: parts
scripts: [scripts]
nodes: {split: {}, join: {}}
edges: [[split, join]]
"""
STEP = '''
"""One of many."""
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    if job_args.number % 3 == 1:
        raise ValueError(f"{job_args.number} is odd here")
    Path(output_paths["done"]).write_text("done")
'''
WIDE = """\
name: 注文
scripts: [scripts]
nodes:
  注文の整理: {script: scripts/clean.py, inputs: {orders: data/orders.csv}}
  café: {script: scripts/total.py}
  cafe\u0301_zwei: {script: scripts/report.py}
edges: [[注文の整理, café], [café, cafe\u0301_zwei]]
"""
CURRENCY = ("configure", "clean", "--env", "CURRENCY=EUR")
TOP = ("configure", "report", "--arg", "top=1")
MANY = 300
SESSIONS = 32


def nothing(stage: Stage) -> None:
    """An empty folder."""


def files(stage: Stage) -> None:
    """Three scripts in a row, their orders, and the pipeline file; nothing is begun."""
    for name, source in (("clean", CLEAN), ("total", TOTAL), ("report", REPORT)):
        stage.file(f"scripts/{name}.py", source.lstrip())
    stage.file("data/orders.csv", ORDERS)
    stage.file("pipeline.yaml", PIPELINE)


def fresh(stage: Stage) -> None:
    """A session on them; two nodes need a person."""
    files(stage)
    stage.type("new", "pipeline.yaml", "--name", "demo")


def answered(stage: Stage) -> None:
    """Nothing is left to answer."""
    fresh(stage)
    stage.type(*CURRENCY)
    stage.type(*TOP, "--as", "bob", "--note", "the best one will do")


def passed(stage: Stage) -> None:
    """All has passed."""
    answered(stage)
    stage.type("run")


def stale(stage: Stage) -> None:
    """A value was changed after all had passed."""
    passed(stage)
    stage.type("configure", "clean", "--env", "CURRENCY=USD")


def edited(stage: Stage) -> None:
    """A script was edited after all had passed, and the orders are gone."""
    passed(stage)
    stage.file("scripts/total.py", TOTAL.lstrip().replace("int(", "float("))
    (stage.folder / "data/orders.csv").unlink()


def blocked(stage: Stage) -> None:
    """One node waits for a person, and with it what is below."""
    fresh(stage)
    stage.type(*TOP)


def approved(stage: Stage) -> None:
    """What had passed is signed off."""
    passed(stage)
    stage.type("approve", "--as", "bob")


def outdated(stage: Stage) -> None:
    """Signed off, and changed since."""
    approved(stage)
    stage.type("configure", "report", "--arg", "top=2")


def closed(stage: Stage) -> None:
    """The session's work has ended."""
    passed(stage)
    stage.type("close")


def archived(stage: Stage) -> None:
    """Put away, beside another session that goes on."""
    closed(stage)
    stage.type("archive", "--session", "demo")
    stage.type("new", "pipeline.yaml", "--name", "quiet-heron")


def forked(stage: Stage) -> None:
    """Another session goes on from this one."""
    passed(stage)
    stage.type("fork", "--name", "calm-owl")
    stage.type("configure", "report", "--arg", "top=2", "--session", "calm-owl")


def undone(stage: Stage) -> None:
    """The last answer was taken back."""
    answered(stage)
    stage.type("undo", "--anyone")


def rewritten(stage: Stage) -> None:
    """The pipeline file has another node now."""
    passed(stage)
    text = PIPELINE.replace("  report: {}\n", "  summary: {script: scripts/report.py}\n")
    stage.file("pipeline.yaml", text.replace("[total, report]", "[total, summary]"))


def drafted(stage: Stage) -> None:
    """Scripts, and no pipeline file yet."""
    files(stage)
    (stage.folder / "pipeline.yaml").unlink()


def noted(stage: Stage) -> None:
    """A checkpoint and an export lie in the folder."""
    passed(stage)
    stage.type("audit", "checkpoint", "-o", "note.json")
    stage.type("audit", "export", "-o", "log.jsonl")


def tampered(stage: Stage) -> None:
    """An export in which somebody changed a line."""
    noted(stage)
    log = stage.folder / "log.jsonl"
    log.write_text(log.read_text().replace("CURRENCY", "CURRENCX", 1))


def let_in(stage: Stage) -> None:
    """A viewer of one session, a program that never ends, and one that was taken back."""
    passed(stage)
    stage.type("token", "create", "bob", "--role", "viewer", "--session", "demo")
    stage.type("token", "create", "ci", "--expires", "never")
    stage.type("token", "create", "eve@laptop", "--role", "admin", "--expires", "12h")
    stage.type("token", "create", "old", "--expires", "1h")
    stage.type("token", "revoke", "eve@laptop")


def imported(stage: Stage) -> None:
    """An export, and an empty database."""
    noted(stage)
    for path in stage.folder.glob("log.db*"):
        path.unlink()


def shop(stage: Stage) -> None:
    """Six nodes, one of them outside; two scripts will fail."""
    files(stage)
    for name, source in (("convert", CONVERT), ("stock", STOCK), ("statement", STATEMENT)):
        stage.file(f"scripts/{name}.py", source.lstrip())
    stage.file("data/stock.csv", "article,left\npen,0\n")
    stage.file("pipeline.yaml", SHOP)
    stage.type("new", "pipeline.yaml", "--name", "demo")


def failed(stage: Stage) -> None:
    """Two root causes, and what they blocked."""
    shop(stage)
    stage.type("run", code=1)


def mended(stage: Stage) -> None:
    """One of the two causes is mended."""
    failed(stage)
    stage.type("configure", "ConvertCurrency_production", "--arg", "currency=EUR")


def made(stage: Stage) -> None:
    """Two outputs, and an input whose name says nothing of them."""
    stage.file("scripts/make.py", MAKE.lstrip())
    stage.file("scripts/take.py", TAKE.lstrip())
    stage.file("pipeline.yaml", MADE)
    stage.type("new", "pipeline.yaml", "--name", "demo")


def connected(stage: Stage) -> None:
    """A person said which output it is."""
    made(stage)
    stage.type("connect", "make.beta", "take.gamma")


def unfit(stage: Stage) -> None:
    """What one script writes is not what the next one reads."""
    stage.file("scripts/split.py", SPLIT.lstrip())
    stage.file("scripts/join.py", JOIN.lstrip())
    stage.file("pipeline.yaml", PARTS)
    stage.type("new", "pipeline.yaml", "--name", "demo")
    stage.type("connect", "split.north", "join.parts")


def wide(stage: Stage) -> None:
    """Names whose signs take two columns, or none."""
    files(stage)
    stage.file("pipeline.yaml", WIDE)
    stage.type("new", "pipeline.yaml", "--name", "広い")


def many(stage: Stage) -> None:
    """Hundreds of nodes over one script: some need a person."""
    stage.file("scripts/step.py", REPORT.lstrip())
    stage.file("scripts/load.py", CLEAN.lstrip())
    stage.file("data/totals.json", '{"ada": 1}')
    nodes = {
        f"step_{number:03}": {
            "script": "scripts/step.py",
            "inputs": {"totals": "data/totals.json"},
            **({} if number % 150 == 7 else {"job_args": {"top": number % 3}}),
        }
        for number in range(MANY)
    }
    pipeline = {"name": "many", "scripts": ["scripts"], "nodes": nodes, "edges": []}
    stage.file("pipeline.json", json.dumps(pipeline))
    stage.type("new", "pipeline.json", "--name", "demo")


def many_ran(stage: Stage) -> None:
    """Most have passed, and some failed."""
    stage.file("scripts/step.py", STEP.lstrip())
    nodes = {
        f"step_{number:03}": {"script": "scripts/step.py", "job_args": {"number": number}}
        for number in range(40)
    }
    pipeline = {"name": "many", "scripts": ["scripts"], "nodes": nodes, "edges": []}
    stage.file("pipeline.json", json.dumps(pipeline))
    stage.type("new", "pipeline.json", "--name", "demo")
    stage.type("run", "--runner", "forkserver:", code=1)


def crowded(stage: Stage) -> None:
    """More sessions than anybody reads in a list."""
    files(stage)
    for number in range(SESSIONS):
        stage.type("new", "pipeline.yaml", "--name", f"session-{number:02}")


STATES: dict[str, Callable[[Stage], None]] = {
    made.__name__: made
    for made in (
        *(
            nothing,
            files,
            fresh,
            answered,
            passed,
            stale,
            edited,
            blocked,
            approved,
            outdated,
            closed,
        ),
        *(archived, forked, undone, rewritten, drafted, noted, tampered, let_in, imported),
        *(shop, failed, mended, made, connected, unfit, wide, many, many_ran, crowded),
    )
}
