# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Rehearse a pipeline
#
# Discover, configure, run, look at history: the four steps, on a pipeline of three small scripts.
# Everything lies in a temporary folder, so nothing of yours is touched.

# %%
import csv
import tempfile
from pathlib import Path

folder = Path(tempfile.mkdtemp(prefix="rehearsal-"))
(folder / "scripts").mkdir()
(folder / "data").mkdir()

with (folder / "data" / "orders.csv").open("w", newline="") as file:
    csv.writer(file).writerows(
        [
            ["customer", "currency", "amount"],
            ["ada", "EUR", 30],
            ["bob", "EUR", 20],
            ["cy", "USD", 99],
            ["ada", "EUR", 5],
        ]
    )

# %% [markdown]
# Three scripts, each with a `main`; that is all that is asked of a script.

# %%
scripts = {
    "clean_orders": '''
import csv

def main(input_paths, output_paths, environ_vars, job_args):
    """Keep the orders of one currency."""
    currency = environ_vars["CURRENCY"]
    with open(input_paths["orders"], newline="") as source:
        rows = [row for row in csv.DictReader(source) if row["currency"] == currency]
    with open(output_paths["clean_orders"], "w", newline="") as target:
        writer = csv.DictWriter(target, ["customer", "currency", "amount"])
        writer.writeheader()
        writer.writerows(rows)
''',
    "total_orders": '''
import csv, json
from collections import Counter
from pathlib import Path

def main(input_paths, output_paths, environ_vars, job_args):
    """Add up each customer's orders."""
    totals = Counter()
    with open(input_paths["clean_orders"], newline="") as source:
        for row in csv.DictReader(source):
            totals[row["customer"]] += int(row["amount"])
    Path(output_paths["totals"]).write_text(json.dumps(totals))
''',
    "write_report": '''
import json
from pathlib import Path

def main(input_paths, output_paths, environ_vars, job_args):
    """Name the best customers."""
    totals = json.loads(Path(input_paths["totals"]).read_text())
    best = sorted(totals, key=totals.get, reverse=True)[: job_args.top]
    Path(output_paths["report"]).write_text("\\n".join(best))
''',
}
for name, source in scripts.items():
    (folder / "scripts" / f"{name}.py").write_text(source.lstrip())

# %% [markdown]
# ## Discover
#
# The DAG has names alone. The scripts are found by name and read, never imported; outputs are
# wired to inputs.

# %%
from runthrough import InteractiveRuntimeTestingFactory, PipelineDAG

dag = PipelineDAG(name="orders")
dag.add_edge("CleanOrders", "TotalOrders")
dag.add_edge("TotalOrders", "WriteReport")

factory = InteractiveRuntimeTestingFactory(
    dag, workspace_dir=folder, database_url=f"sqlite:///{folder}/history.db", actor="you"
)
factory

# %% [markdown]
# ## Configure
#
# `TotalOrders` needed nobody. What is left is asked, node by node.

# %%
factory.get_pending_script_configurations()

# %%
factory.get_script_testing_requirements("CleanOrders")

# %% [markdown]
# A wrong answer changes nothing, and says what to do.

# %%
factory.validate_configuration_preview(
    "CleanOrders", input_paths={"orders": folder / "data" / "oders.csv"}
)

# %%
factory.configure_script_testing(
    "CleanOrders",
    expected_inputs={"orders": folder / "data" / "orders.csv"},
    environment_variables={"CURRENCY": "EUR"},
)
factory.configure_script_testing("WriteReport", job_arguments={"top": 1})
factory.worklist()

# %% [markdown]
# ## Run
#
# Each script runs in a process of its own, on what its producer really wrote.

# %%
factory.execute_dag_guided_testing()

# %% [markdown]
# After a change only what it touches runs again.

# %%
before = factory.version
factory.configure_script_testing("WriteReport", job_arguments={"top": 2})
factory

# %%
factory.execute_dag_guided_testing()

# %% [markdown]
# ## Look at history
#
# Who did what, when, from what to what; and what differs from a moment that is named by its
# version. Nothing that was recorded is ever changed.

# %%
factory.history(node="WriteReport")

# %%
factory.diff(before)

# %%
factory.verify_audit()
