"""The pages that a test follows, each with what must be there before its first line.

    python -m tests.support.followed [PAGE …]

follows them, or all, and writes what commands print now into them, where something is shown.
"""

import sys
import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path

from tests.support.pages import DOCS, REPOSITORY, Follower, follower, renewed

FIRST = DOCS / "tutorial" / "first-rehearsal.md"
Begin = Callable[[Follower], None]


def nothing(someone: Follower) -> None:
    """An empty folder."""


def scripts(someone: Follower) -> None:
    """The data and the three scripts of the tutorial, the last one mended."""
    someone.take_files(FIRST)


def drafted(someone: Follower) -> None:
    """Those, and the pipeline file that was drafted from them."""
    scripts(someone)
    _type(someone, "runthrough new --from-folder scripts")


def begun(someone: Follower) -> None:
    """The tutorial's session, of which two nodes wait for a person."""
    drafted(someone)
    _type(someone, "runthrough new pipeline.yaml --name first")


def answered(someone: Follower) -> None:
    """The session with nothing left to answer."""
    begun(someone)
    _type(
        someone,
        "runthrough configure CleanOrders --input orders=data/orders.csv --env CURRENCY=EUR",
        "runthrough configure WriteReport --arg top=1",
    )


def passed(someone: Follower) -> None:
    """The session after a run that passed."""
    answered(someone)
    _type(someone, "runthrough run")


def changed(someone: Follower) -> None:
    """After a run, another answer by somebody else, and an edited script."""
    passed(someone)
    script = someone.here / "scripts" / "total_orders.py"
    script.write_text(script.read_text().replace("import csv\n", "import csv\nimport math\n"))
    _type(someone, "runthrough configure WriteReport --arg top=2 --as bob")


def with_the_timed_runner(someone: Follower) -> None:
    """After a run, with the distribution of the page about runners, as an installer leaves it."""
    passed(someone)
    _type(someone, f"export PYTHONPATH={laid_out_runner(someone)}")


def laid_out_runner(someone: Follower) -> Path:
    """The folder of that distribution, with its entry points as its page declares them."""
    someone.take_files(DOCS / "how-to" / "write-a-runner.md")
    site = someone.here / "timed"
    project = tomllib.loads((site / "pyproject.toml").read_text())["project"]
    metadata = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    points = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in given.items())
        for group, given in project["entry-points"].items()
    ]
    (metadata / "entry_points.txt").write_text("".join(points))
    return site


PAGES: dict[str, Begin] = {
    "README.md": nothing,
    "docs/tutorial/first-rehearsal.md": nothing,
    "docs/tutorial/in-python.md": drafted,
    "docs/how-to/approve.md": passed,
    "docs/how-to/audit-a-pipeline.md": passed,
    "docs/how-to/change-the-pipeline.md": passed,
    "docs/how-to/complete-in-the-shell.md": nothing,
    "docs/how-to/configure-a-node.md": begun,
    "docs/how-to/connect-outputs.md": passed,
    "docs/how-to/fork-a-session.md": passed,
    "docs/how-to/keep-secrets-out.md": nothing,
    "docs/how-to/load-a-sagemaker-definition.md": scripts,
    "docs/how-to/report-to-ci.md": passed,
    "docs/how-to/rerun-what-changed.md": passed,
    "docs/how-to/resume-a-session.md": passed,
    "docs/how-to/run-on-dask.md": answered,
    "docs/how-to/start-a-project.md": nothing,
    "docs/how-to/start-from-a-folder.md": scripts,
    "docs/how-to/travel-in-time.md": changed,
    "docs/how-to/undo-and-redo.md": answered,
    "docs/how-to/upgrade.md": passed,
    "docs/how-to/use-another-python.md": passed,
    "docs/how-to/write-a-runner.md": with_the_timed_runner,
    "docs/how-to/write-a-script.md": nothing,
}
"""Each page by its place in the repository."""


def follow(name: str, someone: Follower) -> None:
    """Make what a page begins with, and do all that it says."""
    PAGES[name](someone)
    someone.follow(REPOSITORY / name)


def _type(someone: Follower, *commands: str) -> None:
    for command in commands:
        code, printed = someone.type(command)
        assert code == 0, printed


if __name__ == "__main__":
    for name in sys.argv[1:] or PAGES:
        page = REPOSITORY / name
        with tempfile.TemporaryDirectory() as place:
            someone = follower(Path(place) / "orders", renews=True)
            PAGES[name](someone)
            page.write_text(renewed(page, someone), encoding="utf-8")
