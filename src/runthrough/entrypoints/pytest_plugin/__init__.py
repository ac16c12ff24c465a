"""The pytest door: each node of a pipeline file is a test item.

Every pytest run of everybody who installed runthrough imports this module, so it imports nothing
else of it; what collects and runs is imported once there is a pipeline file.
"""

import argparse
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from runthrough.entrypoints.pytest_plugin.collecting import PipelineFile

SUFFIXES = frozenset({".yaml", ".yml", ".json"})
INI = "runthrough_pipelines"
_MEANT = pytest.StashKey[frozenset[Path]]()
"""The files that `--runthrough` names, absolute."""
_LIKE_ONE = re.compile(
    r"""(?:^|[{,]\s*)["']?(?:nodes|edges|Steps|PipelineExperimentConfig)["']?\s*:""",
    re.MULTILINE,
)
"""What stands in a pipeline file or a SageMaker definition, however it is broken elsewhere."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of this plug-in, and its ini key."""
    group = parser.getgroup("runthrough", "pipelines of scripts (runthrough)")
    group.addoption(
        "--runthrough",
        action="append",
        metavar="FILE",
        dest="runthrough_files",
        help="A pipeline file whose nodes are tests; may be repeated.",
    )
    group.addoption(
        "--runthrough-session",
        metavar="NAME",
        help="Go on with this session, or begin it, in the database that the settings name; "
        "default: a new one in a temporary folder.",
    )
    group.addoption(
        "--runthrough-runner",
        metavar="URL",
        help="What runs scripts; default: as the settings say.",
    )
    group.addoption(
        "--runthrough-jobs",
        metavar="N",
        type=_jobs,
        help="Scripts at once; default: as the settings say.",
    )
    parser.addini(
        INI,
        "Globs of pipeline files that are collected wherever they are found.",
        type="args",
        default=[],
    )


def pytest_configure(config: pytest.Config) -> None:
    """Let the files that `--runthrough` names be looked at; alone where nothing else is named.

    Raises:
        pytest.UsageError: `--runthrough-runner` names none that can be used.
    """
    runner: str | None = config.getoption("runthrough_runner")
    if runner is not None:
        _refuse_unusable(runner)
    named: list[str] = config.getoption("runthrough_files") or []
    start = config.invocation_params.dir
    files = (start / place.partition("::")[0] for place in named)
    config.stash[_MEANT] = frozenset(Path(os.path.normpath(file)) for file in files)
    if not named:
        return
    others = config.args if config.args_source is pytest.Config.ArgsSource.ARGS else []
    config.args = list(dict.fromkeys([*others, *named]))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "PipelineFile | None":
    """Take a pipeline file that is meant: named, or matched by the ini key."""
    if file_path.suffix.lower() not in SUFFIXES or not _is_meant(file_path, parent):
        return None
    from runthrough.entrypoints.pytest_plugin.collecting import (  # noqa: PLC0415 - see above
        PipelineFile,
        take_part,
    )

    take_part(parent.config)
    file: PipelineFile = PipelineFile.from_parent(parent, path=file_path)
    return file


def _jobs(given: str) -> int:
    """A number of scripts at once; pytest tells another one as a mistake of usage.

    Raises:
        argparse.ArgumentTypeError: It is not a whole number from 1 up.
    """
    if given.isdecimal() and int(given) >= 1:
        return int(given)
    raise argparse.ArgumentTypeError(f"{given!r} is not a whole number from 1 up")


def _refuse_unusable(runner: str) -> None:
    from runthrough.bootstrap import check_runner  # noqa: PLC0415 - see above
    from runthrough.errors import RunnerUnavailableError  # noqa: PLC0415 - as above

    try:
        check_runner(runner)
    except RunnerUnavailableError as error:
        raise pytest.UsageError(str(error)) from error


def _is_meant(file: Path, parent: pytest.Collector) -> bool:
    config = parent.config
    if file in config.stash[_MEANT]:
        return True
    if any(_near(file, config.rootpath).match(glob) for glob in config.getini(INI)):
        return True
    return parent.session.isinitpath(file) and _looks_like_one(file)


def _near(file: Path, root: Path) -> Path:
    return file.relative_to(root) if file.is_relative_to(root) else file


def _looks_like_one(file: Path) -> bool:
    """Whether a file that was named is ours: other plug-ins have tests in YAML too."""
    try:
        return bool(_LIKE_ONE.search(file.read_text(encoding="utf-8", errors="replace")))
    except OSError:
        return False
