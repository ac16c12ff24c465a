"""What it costs to run a script through a runner instead of a plain subprocess.

    python benchmarks/bench_runner.py [turns] [--quick]

The peer is what a person would type: `python -c "import module; module.main(...)"` with the same
interpreter, its output caught in two files. All take turns, and medians are compared. With two
jobs, two scripts start at once, and half of the time until both ended counts.
"""

import argparse
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from runthrough.adapters.runners.forkserver import ForkServerRunner
from runthrough.adapters.runners.process import ProcessRunner
from runthrough.adapters.session_files import LocalSessionFiles
from runthrough.core.values.attempts import ScriptRequest
from runthrough.core.values.ids import AttemptId, NodeName

SCRIPTS = {
    "nothing": ("import time", "pass"),
    "sleeps_50_ms": ("import time", "time.sleep(0.05)"),
    "imports_pandas": ("import pandas", "pandas.DataFrame()"),
}
PEER = """
import sys
sys.path.insert(0, {folder!r})
import {module}
{module}.main(**{arguments!r})
"""
WARM_UP = 3
PLAIN = "plain subprocess"


def request(folder: Path, module: str, turn: str) -> ScriptRequest:
    attempt = folder / "attempts" / f"{module}-{turn}"
    LocalSessionFiles().begin(str(attempt), parents_of=())
    return ScriptRequest(
        node=NodeName(module),
        attempt=AttemptId(f"{module}-{turn}"),
        script=str(folder / f"{module}.py"),
        package_root=str(folder),
        module=module,
        folder=str(attempt),
        input_paths={"raw": "/somewhere/raw.csv"},
        output_paths={"clean": "/somewhere/clean.csv"},
        environ_vars={"LABEL": "y"},
        job_args={"depth": 3},
    )


def plain(folder: Path, wanted: ScriptRequest) -> None:
    arguments = {
        "input_paths": wanted.input_paths,
        "output_paths": wanted.output_paths,
        "environ_vars": wanted.environ_vars,
        "job_args": wanted.job_args,
    }
    code = PEER.format(folder=str(folder), module=wanted.module, arguments=arguments)
    logs = Path(wanted.folder)
    with (logs / "stdout.log").open("wb") as out, (logs / "stderr.log").open("wb") as err:
        subprocess.run([sys.executable, "-c", code], stdout=out, stderr=err, check=True)


def by_subprocess(folder: Path, pool: ThreadPoolExecutor, wanted: list[ScriptRequest]) -> None:
    for _ in pool.map(partial(plain, folder), wanted):
        pass


def by_runner(runner: ProcessRunner | ForkServerRunner, wanted: list[ScriptRequest]) -> None:
    for future in [runner.submit(one) for one in wanted]:
        result = future.result()
        assert result.outcome == "passed", result


def refuse(why: str) -> None:
    raise SystemExit(f"the fork server was not used: {why}")


def compare(folder: Path, module: str, *, jobs: int, turns: int) -> None:
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(jobs))
        ways: dict[str, Callable[[list[ScriptRequest]], None]] = {
            PLAIN: partial(by_subprocess, folder, pool),
            "`process:`": partial(by_runner, stack.enter_context(ProcessRunner(jobs))),
            "`forkserver:`": partial(
                by_runner, stack.enter_context(ForkServerRunner(jobs, told=refuse))
            ),
        }
        if module == "imports_pandas":
            warm = ForkServerRunner(jobs, preload=["pandas"], told=refuse)
            ways["`forkserver:`, pandas preloaded"] = partial(by_runner, stack.enter_context(warm))
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for turn in range(turns + WARM_UP):
            names = list(ways)
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                label = f"{names.index(name)}-{jobs}-{turn}"
                wanted = [request(folder, module, f"{label}-{job}") for job in range(jobs)]
                begun = time.perf_counter()
                ways[name](wanted)
                taken[name].append((time.perf_counter() - begun) / jobs)
    medians = {name: statistics.median(times[WARM_UP:]) for name, times in taken.items()}
    for name, median in medians.items():
        print(
            f"| {module.replace('_', ' ')} | {jobs} | {name} | {median * 1000:.1f} ms "
            f"| {median / medians[PLAIN]:.3f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("turns", nargs="?", type=int, default=41)
    parser.add_argument("--quick", action="store_true", help="few turns, to see that it runs")
    told = parser.parse_args()
    turns = 5 if told.quick else told.turns
    print(f"CPython {platform.python_version()}, medians of {turns} turns\n")
    print("| script | jobs | by | a script | ratio |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for module, (imports, body) in SCRIPTS.items():
            (folder / f"{module}.py").write_text(
                f"{imports}\n\n\n"
                "def main(input_paths, output_paths, environ_vars, job_args):\n"
                f"    {body}\n"
            )
            for jobs in (1, 2):
                compare(folder, module, jobs=jobs, turns=turns)


if __name__ == "__main__":
    main()
