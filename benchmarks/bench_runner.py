"""What it costs to run a script through `ProcessRunner` instead of a plain subprocess.

    python benchmarks/bench_runner.py [turns]

The peer is what a person would type: `python -c "import module; module.main(...)"` with the same
interpreter, its output caught in two files. Both take turns; medians are compared.
"""

import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from runthrough.adapters.runners.process import ProcessRunner
from runthrough.adapters.session_files import LocalSessionFiles
from runthrough.core.values.attempts import ScriptRequest
from runthrough.core.values.ids import AttemptId, NodeName

SCRIPTS = {"nothing": "pass", "sleeps_50_ms": "time.sleep(0.05)"}
PEER = """
import sys
sys.path.insert(0, {folder!r})
import {module}
{module}.main(**{arguments!r})
"""
WARM_UP = 3


def request(folder: Path, module: str, turn: int) -> ScriptRequest:
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


def plain(folder: Path, module: str, turn: int) -> None:
    wanted = request(folder, module, turn)
    arguments = {
        "input_paths": wanted.input_paths,
        "output_paths": wanted.output_paths,
        "environ_vars": wanted.environ_vars,
        "job_args": wanted.job_args,
    }
    code = PEER.format(folder=str(folder), module=module, arguments=arguments)
    logs = Path(wanted.folder)
    with (logs / "stdout.log").open("wb") as out, (logs / "stderr.log").open("wb") as err:
        subprocess.run([sys.executable, "-c", code], stdout=out, stderr=err, check=True)


def seconds(run: Callable[[], object]) -> float:
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun


def compare(folder: Path, module: str, turns: int) -> None:
    taken: dict[str, list[float]] = {"plain": [], "runner": []}

    with ProcessRunner(jobs=1) as runner:

        def ours(turn: int) -> None:
            result = runner.submit(request(folder, module, turn)).result()
            assert result.outcome == "passed", result

        for turn in range(turns + WARM_UP):
            pair = {
                "plain": lambda turn=turn: plain(folder, module, 2 * turn),
                "runner": lambda turn=turn: ours(2 * turn + 1),
            }
            for name in sorted(pair, reverse=bool(turn % 2)):
                taken[name].append(seconds(pair[name]))
    first, second = (statistics.median(taken[name][WARM_UP:]) for name in ("plain", "runner"))
    print(
        f"| one script, {module.replace('_', ' ')} | {first * 1000:.1f} ms "
        f"| {second * 1000:.1f} ms | {second / first:.2f} |"
    )


def main() -> None:
    turns = int(sys.argv[1]) if len(sys.argv) > 1 else 41
    print(f"CPython {platform.python_version()}, medians of {turns} turns\n")
    print("| what | plain subprocess | ProcessRunner | ratio |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for module, body in SCRIPTS.items():
            (folder / f"{module}.py").write_text(
                "import time\n\n\n"
                "def main(input_paths, output_paths, environ_vars, job_args):\n"
                f"    {body}\n"
            )
            compare(folder, module, turns)


if __name__ == "__main__":
    main()
