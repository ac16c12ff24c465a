"""Find, read and wire the scripts of a generated pipeline, beside a plain parse of the same files.

1,000 nodes run 300 scripts of 150 lines, three or four job types each. A script has constants, a
configuration class, own functions, a parser and an entry block, and reads two outputs of other
nodes. Cold means that nothing is remembered; warm, that the same process asks again, or that a
new process finds the cache of the first.
"""

import ast
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from contest import MICRO, OURS, Contestant, Figures, Goal, heading, quick, row, tell, turns

from runthrough.adapters.discovery import sources
from runthrough.adapters.discovery.catalog import StepCatalog
from runthrough.adapters.discovery.reading_cache import ReadingCache
from runthrough.core.requirements import merge
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.metadata import SessionSettings
from runthrough.core.values.paths import PIPELINE, Roots
from runthrough.core.values.pipelines import NodeDeclaration, PipelineDeclaration
from runthrough.core.values.requirements import ScriptRequirements
from runthrough.core.wiring import Producer, wire

NODES, SCRIPTS, LINES = 1_000, 300, 150
MANY = 10
"""Times as many nodes and scripts, to see that it is linear."""
STRIDE = 7
"""The second predecessor of a node lies so many nodes before it."""
JOB_TYPES = ("training", "calibration", "validation", "testing")
LINE_MICROSECONDS, BEYOND_MS, WARM_MS = 25, 500, 150
ANOTHER = (
    "import sys; sys.path.append({folder!r}); import bench_discovery as b; "
    "print(b.seconds_warm(b.Path({place!r}), {nodes}, {scripts}))"
)
"""Asks in a new process; the imports are not counted, because every command has them."""

SCRIPT = '''\
"""Make the features {number} of the tables {before} and {far}."""
import argparse
import json
import logging
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

logger = logging.getLogger(__name__)

TABLE = "features_{before}"
EXTRA = "report_{far}"
CONTAINER = {{
    "input": "/opt/ml/processing/input/{before}",
    "extra": "/opt/ml/processing/input/{far}",
    "output": "/opt/ml/processing/output/{number}",
    "report": "/opt/ml/processing/report/{number}",
}}


@dataclass
class Config:
    label: str
    ratio: float = 0.5
    columns: tuple = ()

    @classmethod
    def of(cls, environ_vars):
        return cls(
            label=environ_vars["LABEL_{number}"],
            ratio=float(environ_vars.get("RATIO_{number}", "0.5")),
            columns=tuple(environ_vars.get("COLUMNS", "").split(",")),
        )


def read_table(folder, pattern="part-*.csv"):
    """All parts of a folder under each other."""
    parts = sorted(Path(folder).glob(pattern))
    if not parts:
        raise FileNotFoundError(f"no parts in {{folder}}")
    return pd.concat([pd.read_csv(part) for part in parts], ignore_index=True)


def read_report(folder):
    path = os.path.join(folder, "summary_{far}.json")
    with open(path) as file:
        return json.load(file)


def clean(frame, config):
    """Drop what has no label."""
    frame = frame.dropna(subset=[config.label])
    frame.columns = [column.strip().lower() for column in frame.columns]
    for column in config.columns:
        if column in frame.columns:
            frame[column] = frame[column].fillna(frame[column].median())
        else:
            logger.warning("no column %s", column)
    return frame


def split(frame, config, job_type):
    """One part a split in training, else the whole."""
    if job_type != "training":
        return {{job_type: frame}}
    rows = np.random.default_rng(7).permutation(len(frame))
    cut = int(len(rows) * config.ratio)
    return {{"train": frame.iloc[rows[:cut]], "test": frame.iloc[rows[cut:]]}}

{filler}

def write(parts, folder):
    for name, part in parts.items():
        target = Path(folder) / f"{{name}}_{number}.csv"
        target.parent.mkdir(parents=True, exist_ok=True)
        part.to_csv(target, index=False)
        logger.info("wrote %s", target)


def main(input_paths, output_paths, environ_vars, job_args, logger=None):
    config = Config.of(environ_vars)
    frame = clean(read_table(input_paths[TABLE]), config)
    report = {{"rows": len(frame)}}
    if EXTRA in input_paths:
        report["before"] = read_report(input_paths[EXTRA])
    if job_args.job_type == "training":
        report["limit"] = job_args.limit
    write(split(frame, config, job_args.job_type), output_paths["features_{number}"])
    folder = output_paths.get("report_{number}", CONTAINER["report"])
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "summary_{number}.json"), "w") as file:
        json.dump(report, file)
    return report


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--job_type", choices={job_types}, required=True, help="which rows")
    parser.add_argument("--limit", type=int, default=10, help="most rows")
    try:
        main(
            input_paths={{TABLE: CONTAINER["input"], EXTRA: CONTAINER["extra"]}},
            output_paths={{
                "features_{number}": CONTAINER["output"],
                "report_{number}": CONTAINER["report"],
            }},
            environ_vars=dict(os.environ),
            job_args=parser.parse_args(),
        )
    except Exception:
        logger.exception("failed")
        sys.exit(1)
'''
HELPER = '''
def step_{number}(frame, factor={number}):
    """One more column."""
    column = f"column_{number}"
    frame[column] = frame.iloc[:, 0] * factor
    return frame

'''


def script(number: int, scripts: int) -> str:
    """A script of `LINES` lines."""
    before, far = (number - 1) % scripts, (number - STRIDE) % scripts
    known = {"number": number, "before": before, "far": far, "job_types": list(JOB_TYPES)}
    bare = SCRIPT.format(filler="", **known)
    helpers = (LINES - bare.count("\n")) // HELPER.count("\n")
    filler = "".join(HELPER.format(number=each) for each in range(helpers))
    text = SCRIPT.format(filler=filler, **known)
    return text + "# the end\n" * (LINES - text.count("\n"))


def generate(folder: Path, scripts: int) -> list[Path]:
    """Write the scripts below a folder."""
    paths = [folder / "scripts" / f"step{number}.py" for number in range(scripts)]
    paths[0].parent.mkdir(parents=True)
    for number, path in enumerate(paths):
        path.write_text(script(number, scripts), encoding="utf-8")
    return paths


def pipeline(nodes: int, scripts: int) -> PipelineDeclaration:
    """The pipeline: each node after the one before it and the one `STRIDE` before."""
    names = [f"Step{n % scripts}_{JOB_TYPES[n // scripts % len(JOB_TYPES)]}" for n in range(nodes)]
    return PipelineDeclaration(
        name="generated",
        scripts=(RecordedPath("pipeline:scripts"),),
        nodes={
            name: NodeDeclaration(job_args={"job_type": name.rpartition("_")[2]}) for name in names
        },
        edges=tuple(
            (names[number - back], names[number])
            for number in range(nodes)
            for back in (1, STRIDE)
            if number >= back
        ),
    )


def discover_and_read(
    catalog: StepCatalog, declared: PipelineDeclaration, folder: Path
) -> dict[NodeName, ScriptRequirements]:
    """The needs of every node, as a session asks for them at its start."""
    roots = Roots({PIPELINE: str(folder)})
    nodes = [NodeName(name) for name in declared.nodes]
    found = catalog.discover(nodes, pipeline=declared, settings=SessionSettings(), roots=roots)
    scripts = {node: found[node].script for node in nodes}
    needs = {}
    for node in sorted(nodes, key=lambda name: scripts[name].path):
        given = declared.nodes[node]
        code = catalog.requirements(
            scripts[node], roots=roots, job_args=given.job_args, environ_vars=given.environ_vars
        )
        contract = catalog.contract(scripts[node], roots=roots)
        needs[node] = merge(given, code, contract and contract.requirements).requirements
    return needs


def wired(
    declared: PipelineDeclaration, needs: dict[NodeName, ScriptRequirements]
) -> Iterator[int]:
    """Connections accepted for each node."""
    before: dict[NodeName, list[NodeName]] = {node: [] for node in needs}
    for source, target in declared.edges:
        before[NodeName(target)].append(NodeName(source))
    offers = {node: Producer(node, found.of("output")) for node, found in needs.items()}
    for node, found in needs.items():
        producers = [offers[source] for source in before[node]]
        wiring = wire(node, inputs=found.of("input"), producers=producers)
        yield len(wiring.connections)


def everything(catalog: StepCatalog, declared: PipelineDeclaration, folder: Path) -> int:
    """Discover, read and wire; the connections that were accepted."""
    return sum(wired(declared, discover_and_read(catalog, declared, folder)))


def forget() -> None:
    """Nothing that was parsed in this process is remembered."""
    sources.forget()


def cold(declared: PipelineDeclaration, folder: Path, _number: int) -> Callable[[], object]:
    """Everything, in a catalog that knows nothing."""
    forget()
    return partial(everything, StepCatalog(), declared, folder)


def reading(paths: Sequence[Path], folder: Path, _number: int) -> Callable[[], object]:
    """Only read each script once."""
    forget()
    catalog, roots = StepCatalog(), Roots({PIPELINE: str(folder)})

    def read() -> None:
        for path in paths:
            found = catalog.inspect(roots.record(str(path)), roots=roots)
            catalog.requirements(
                found, roots=roots, job_args={"job_type": "training"}, environ_vars={}
            )

    return read


def parsing(paths: Sequence[Path], _number: int) -> Callable[[], object]:
    """Only parse each script, and do nothing with it."""

    def parse() -> None:
        for path in paths:
            ast.parse(path.read_bytes())

    return parse


def seconds_warm(folder: Path, nodes: int, scripts: int) -> float:
    """Seconds for everything with the cache of an earlier process."""
    cache = ReadingCache(folder / "readings.db", version="benchmark")
    catalog, declared = StepCatalog(cache=cache), pipeline(nodes, scripts)
    wire(NodeName("none"), inputs=(), producers=())  # loads what is loaded late
    taken = turns({OURS: lambda _: partial(everything, catalog, declared, folder)}, [0])
    catalog.close()
    return taken[OURS][0]


def next_process(folder: Path, nodes: int, scripts: int) -> float:
    """The same, asked of a new process."""
    code = ANOTHER.format(
        folder=str(Path(__file__).parent), place=str(folder), nodes=nodes, scripts=scripts
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return float(done.stdout)


def measure_reading(folder: Path, scripts: int, rounds: int) -> Figures:
    """Reading beside parsing, per line."""
    paths = sorted((folder / "scripts").iterdir())
    contestants: dict[str, Contestant] = {
        OURS: partial(reading, paths, folder),
        (parse := "ast.parse"): partial(parsing, paths),
    }
    figures = Figures()
    for number in range(rounds):
        figures.add(turns(contestants, [number], collect=True))
    lines = scripts * LINES
    row(f"read {lines:,} lines, each", figures, parse, per=lines, unit=MICRO)
    each = figures.median(OURS) * 1e6 / lines
    goal = f"goal: {LINE_MICROSECONDS} µs"
    tell(
        "the same beside its goal", f"{each:.1f} µs", goal, each / LINE_MICROSECONDS, Goal("≤", 1)
    )
    return figures


def measure_nodes(folder: Path, nodes: int, scripts: int, rounds: int) -> tuple[float, float]:
    """Seconds for everything, cold and warm, in this process."""
    declared = pipeline(nodes, scripts)
    catalog = StepCatalog()
    expected = everything(catalog, declared, folder)
    contestants: dict[str, Contestant] = {
        "cold": partial(cold, declared, folder),
        "warm": lambda _: partial(everything, catalog, declared, folder),
    }
    figures = Figures()
    for number in range(rounds):
        figures.add(turns(contestants, [number], collect=True))
    if expected < nodes - STRIDE:
        raise SystemExit(f"only {expected} connections were found")
    return figures.median("cold"), figures.median("warm")


def main() -> None:
    few = quick()
    nodes, scripts, rounds = (100, 30, 2) if few else (NODES, SCRIPTS, 7)
    heading(f"{nodes:,} nodes over {scripts} scripts of {LINES} lines")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        generate(folder, scripts)
        read = measure_reading(folder, scripts, rounds)
        cold_s, warm_s = measure_nodes(folder, nodes, scripts, rounds)
        beyond_ms = (cold_s - read.median(OURS)) * 1e3
        what = f"discover, read and wire {nodes:,} nodes, beyond reading {scripts} scripts"
        limit = f"goal: {BEYOND_MS} ms"
        tell(what, f"{beyond_ms:.0f} ms", limit, beyond_ms / BEYOND_MS, Goal("≤", 1))
        warm_goal, warm_ms = f"goal: {WARM_MS} ms", warm_s * 1e3
        tell("warm", f"{warm_ms:.0f} ms", warm_goal, warm_ms / WARM_MS, Goal("≤", 1))
        seconds_warm(folder, nodes, scripts)  # fills the cache
        next_ms = (
            sorted(next_process(folder, nodes, scripts) for _ in range(rounds))[rounds // 2] * 1e3
        )
        tell("in a new process", f"{next_ms:.0f} ms", warm_goal, next_ms / WARM_MS, Goal("≤", 1))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        generate(folder, scripts * MANY)
        more = measure_nodes(folder, nodes * MANY, scripts * MANY, 1 if few else 3)
        for name, one, many in (("cold", cold_s, more[0]), ("warm", warm_s, more[1])):
            tell(
                f"{nodes * MANY:,} nodes over {scripts * MANY:,} scripts, {name}, each node",
                f"{many * 1e3 / (nodes * MANY):.2f} ms",
                f"of {nodes:,} nodes: {one * 1e3 / nodes:.2f} ms",
                many / one / MANY,
            )


if __name__ == "__main__":
    main()
