"""The service and its page: how long a screen, an answer, a colour and a start take.

A session of 200 nodes that run one script, over SQLite, served by a process of its own on
loopback. Times of requests are those of a client with an open connection, so that they hold a
little more than the server's. The colour is timed from the moment at which another process gives
its command until the node in the picture of a real Chromium has another colour.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

import httpx2
from contest import quick

from runthrough.bootstrap import load_pipeline, wire

NODES = 200
SHOWN = 80
"""Nodes of the session whose node is watched: so many have a box of their own each."""
EVENTS = 10_000
GOALS_MS = {"page": 150, "colour": 250, "session": 10, "start": 1_500}
SCRIPT = '''
"""One step of many."""


def main(input_paths, output_paths, environ_vars, job_args):
    print(job_args.top)
'''
WRITER = """
import os, sys, time
from runthrough.application.answers import Answers
from runthrough.bootstrap import wire
with wire("cli", cwd=sys.argv[1], environ=os.environ) as application:
    session = application.sessions.open("shown")
    for line in sys.stdin:
        verb, node = line.split()
        at = time.time()
        if verb == "answer":
            session.configure(node, Answers(job_args={"top": 1}))
        else:
            session.clear(node)
        print(at, flush=True)
"""
WATCH = """(name) => {
  const named = [...document.querySelectorAll("#picture .rt-name")];
  const box = () => named.find((one) => one.textContent === name)?.closest(".rt-node");
  const before = box().getAttribute("class");
  window.coloured = 0;
  window.watching?.disconnect();
  window.watching = new MutationObserver(() => {
    const now = [...document.querySelectorAll("#picture .rt-name")]
      .find((one) => one.textContent === name)?.closest(".rt-node").getAttribute("class");
    if (now === before || window.coloured) return;
    window.coloured = 1;
    requestAnimationFrame(() => { window.coloured = Date.now(); });
  });
  window.watching.observe(document.getElementById("picture"), {
    subtree: true, childList: true, attributes: true,
  });
}"""


@dataclass(frozen=True)
class Folder:
    """Where the pipeline, its sessions and their database lie."""

    path: Path

    def environ(self) -> dict[str, str]:
        """What its processes see."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("RUNTHROUGH_")}
        home = str(self.path / "home")
        return {
            **kept,
            "RUNTHROUGH_DATABASE_URL": f"sqlite:///{self.path / 'log.db'}",
            "RUNTHROUGH_ACTOR": "ann",
            "RUNTHROUGH_HOST": "here",
            "XDG_DATA_HOME": home,
            "XDG_CACHE_HOME": home,
        }

    def pipeline(self, count: int) -> Path:
        """A pipeline of so many nodes, ten beside each other."""
        names = [f"step{number:03}" for number in range(count)]
        told = {
            "name": "large",
            "scripts": ["scripts"],
            "nodes": {name: {"script": "scripts/step.py"} for name in names},
            "edges": [[above, name] for above, name in zip(names, names[10:], strict=False)],
        }
        file = self.path / f"pipeline-{count}.yaml"
        file.write_text(json.dumps(told))
        return file

    def fill(self) -> str:
        """Sessions of many nodes, one of them with many events; a tester's token."""
        (self.path / "scripts").mkdir(parents=True)
        (self.path / "scripts/step.py").write_text(SCRIPT)
        with wire("cli", cwd=str(self.path), environ=self.environ()) as application:
            large, shown = (load_pipeline(self.pipeline(count)) for count in (NODES, SHOWN))
            application.sessions.start(large, name="large")
            application.sessions.start(shown, name="shown")
            long = application.sessions.start(large, name="long")
            for number in range(EVENTS - long.version):
                long.note(f"note {number}")
            text, _ = application.tokens.create(
                "tim", "tester", sessions=None, expires_in_s=3600, created_by="ann"
            )
        return text


@contextmanager
def serving(folder: Folder) -> Iterator[str]:
    """A service over the folder, until the block is left; where it is."""
    process = subprocess.Popen(
        [sys.executable, "-m", "runthrough", "serve", "--port", "0", "--json"],
        cwd=folder.path,
        env=folder.environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        lines = list(iter(process.stdout.readline, "}\n"))
        url = json.loads("".join([*lines, "}"]))["url"]
        while httpx2.get(f"{url}/readyz", trust_env=False).status_code != 200:
            pass
        yield url
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def timed_ms(do: Callable[[], object], count: int) -> list[float]:
    """How long each of so many turns takes."""
    found = []
    for _ in range(count):
        began = time.perf_counter()
        do()
        found.append((time.perf_counter() - began) * 1000)
    return found


def starts_ms(folder: Folder, count: int) -> list[float]:
    """How long it takes from the start of the process until it says that it is ready."""
    found = []
    for _ in range(count):
        began = time.perf_counter()
        with serving(folder):
            found.append((time.perf_counter() - began) * 1000)
    return found


def colours_ms(folder: Folder, url: str, token: str, count: int) -> list[float]:
    """How long it takes from another process's command until the node has another colour."""
    from playwright.sync_api import sync_playwright

    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder.path)],
        cwd=folder.path,
        env=folder.environ(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    found = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-quic"]
        )
        page = browser.new_context(extra_http_headers=bearer(token)).new_page()
        page.goto(f"{url}/sessions/shown")
        page.locator("[data-live=on]").wait_for()
        for number in range(count):
            node, verb = f"step{number // 2:03}", ("answer", "clear")[number % 2]
            page.evaluate(WATCH, node)
            writer.stdin.write(f"{verb} {node}\n")
            writer.stdin.flush()
            began = float(writer.stdout.readline()) * 1000
            while (at := page.evaluate("window.coloured")) <= 1:
                pass
            found.append(at - began)
        browser.close()
    writer.stdin.close()
    writer.wait()
    writer.stdout.close()
    return found


def bearer(token: str) -> dict[str, str]:
    """Headers that say who asks."""
    return {"Authorization": f"Bearer {token}"}


def tell(what: str, found: list[float], goal_ms: int) -> None:
    """Print one row of the table."""
    middle = median(found)
    p95 = quantiles(found, n=20)[-1] if len(found) >= 20 else max(found)
    missed = "" if middle <= goal_ms else ", missed"
    print(
        f"| {what} | {middle:.0f} ms, p95 {p95:.0f} ms | ≤ {goal_ms:,} ms{missed} "
        f"| {len(found)} | `python benchmarks/bench_page.py` |"
    )


def main() -> None:
    count = 20 if quick() else 40
    with tempfile.TemporaryDirectory() as there:
        folder = Folder(Path(there) / "large")
        token = folder.fill()
        begun = starts_ms(folder, 5)
        with (
            serving(folder) as url,
            httpx2.Client(
                base_url=url, headers=bearer(token), trust_env=False, timeout=60
            ) as client,
        ):

            def got(path: str) -> Callable[[], object]:
                return lambda: client.get(path).raise_for_status()

            timed_ms(got("/sessions/large"), 3)
            pages = timed_ms(got("/sessions/large"), count)
            timed_ms(got("/api/v1/sessions/long"), 3)
            answers = timed_ms(got("/api/v1/sessions/long"), count)
            colours = colours_ms(folder, url, token, count)
    print("| what | median | goal | times | measured by |\n| --- | --- | --- | --- | --- |")
    tell(f"the screen of a session of {NODES} nodes, warm", pages, GOALS_MS["page"])
    tell(
        f"another process's command until its node, of {SHOWN}, has its colour",
        colours,
        GOALS_MS["colour"],
    )
    told = f"`GET /api/v1/sessions/{{s}}` at {EVENTS:,} events, warm"
    tell(told, answers, GOALS_MS["session"])
    tell("from the start of `serve` until `/readyz` answers", begun, GOALS_MS["start"])


if __name__ == "__main__":
    main()
