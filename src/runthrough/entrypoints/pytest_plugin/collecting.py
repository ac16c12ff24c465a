"""Pipeline files as collectors, their nodes as tests, and how the tests are told."""

import hashlib
import os
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from runthrough.bootstrap import load_either
from runthrough.core.names import nearest
from runthrough.core.pipeline import PipelineDefinition
from runthrough.entrypoints.pytest_plugin.rehearsing import (
    Rehearsal,
    RehearsalFailedError,
    Wanted,
)
from runthrough.entrypoints.pytest_plugin.verdicts import REUSED, Verdict
from runthrough.errors import RunthroughError
from runthrough.settings import load_settings

PARTNER = "runthrough-rehearsals"
_VERDICT = pytest.StashKey[Verdict]()


class NodeFailedError(Exception):
    """A node's test did not pass; the verdict says why."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.headline)
        self.verdict = verdict


class NodeFailure:
    """Why a test failed, as pytest writes it: all of it, and one line in the summary."""

    def __init__(self, headline: str, text: str) -> None:
        self.reprcrash = SimpleNamespace(message=headline)
        self._text = text

    def __str__(self) -> str:
        return self._text

    def toterminal(self, terminal: Any) -> None:
        """Write all of it."""
        terminal.line(self._text)


class PipelineFile(pytest.File):
    """A pipeline file; its tests are the nodes that run a script, in DAG order."""

    definition: PipelineDefinition

    def collect(self) -> Iterator["NodeTest"]:
        """The items; reads the file and nothing else.

        Raises:
            pytest.Collector.CollectError: It is no pipeline file; with line and column.
        """
        cwd = self.config.invocation_params.dir
        try:
            workspaces = load_settings(cwd, os.environ).workspaces
            self.definition = load_either(_near(self.config, str(self.path)), scripts=workspaces)
            order = self.definition.dag.topological_sort()
        except RunthroughError as error:
            raise self.CollectError(str(error)) from error
        nodes = self.definition.declaration.nodes
        tests = [node for node in order if not nodes[node].external]
        self._refuse_unknown(tests)
        for node in tests:
            yield NodeTest.from_parent(self, name=node)

    def _refuse_unknown(self, tests: Sequence[str]) -> None:
        """Name the nearest node where one was asked for that there is not.

        Raises:
            pytest.Collector.CollectError: One was; pytest itself says only that it is not there.
        """
        for asked in self.config.args:
            file, colons, node = asked.partition("::")
            start = self.config.invocation_params.dir
            is_here = os.path.normpath(start / file) == os.path.normpath(self.path)
            if colons and is_here and node not in tests:
                close = " or ".join(map(repr, nearest(node, tests)))
                hint = f"; did you mean {close}?" if close else ""
                raise self.CollectError(
                    f"No node that runs a script is called {node!r}{hint}\n"
                    f"  → pytest {file} --collect-only -q lists them"
                )


class NodeTest(pytest.Item):
    """One node: passes if its script does, in the run of the pipeline that its file shares."""

    def runtest(self) -> None:
        """Wait for what the run tells of this node.

        Raises:
            NodeFailedError: Its script failed, or could not be tried.
        """
        verdict = _rehearsals(self.config).of(self).verdict(self.name)
        self.stash[_VERDICT] = verdict
        for stream, text in verdict.sections:
            self.add_report_section("call", stream, text)
        if verdict.outcome == "failed":
            raise NodeFailedError(verdict)
        if verdict.outcome == "skipped":
            pytest.skip(verdict.headline)
        if verdict.headline == REUSED:
            self.user_properties.append(("reused", "unchanged since it passed"))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Why the node failed, in the script's frames; a fault of ours in our own."""
        failed = excinfo.value
        if isinstance(failed, NodeFailedError):
            return NodeFailure(failed.verdict.headline, failed.verdict.text)
        if isinstance(failed, RehearsalFailedError):
            return NodeFailure(str(failed).splitlines()[0], str(failed))
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """The pipeline file, and the node's name."""
        return self.path, None, self.name


class Rehearsals:
    """The runs of all pipeline files of this pytest run; pytest tells it when tests are over."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._begun: dict[PipelineFile, Rehearsal] = {}

    def of(self, item: NodeTest) -> Rehearsal:
        """The run that an item's file shares."""
        file = item.parent
        if not isinstance(file, PipelineFile):
            raise TypeError(f"{item.nodeid} belongs to no pipeline file")
        if file not in self._begun:
            nodes = [one.name for one in item.session.items if one.parent is file]
            self._begun[file] = Rehearsal(
                file.definition,
                nodes,
                wanted=_wanted(self._config),
                folder=_folder(self._config, file),
                shared=_is_worker(self._config),
            )
        return self._begun[file]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Tell the script's own seconds, and let a skip stand at its node."""
        report = yield
        verdict = item.stash.get(_VERDICT, None)
        if verdict is not None and call.when == "call":
            report.duration = verdict.duration_s
            if report.skipped and isinstance(report.longrepr, tuple):
                report.longrepr = (str(item.path), 0, report.longrepr[2])
        return report

    def pytest_report_teststatus(
        self, report: pytest.TestReport | pytest.CollectReport
    ) -> tuple[str, str, str] | None:
        """Let a node that was not run again be seen as such."""
        reused = any(name == "reused" for name, _ in getattr(report, "user_properties", ()))
        if reused and report.passed and getattr(report, "when", None) == "call":
            return "passed", "=", "REUSED"
        return None

    def pytest_sessionfinish(self) -> None:
        """Leave no run behind: after `-x` or Ctrl-C its scripts are ended."""
        for rehearsal in self._begun.values():
            rehearsal.stop()


def take_part(config: pytest.Config) -> None:
    """Let pytest tell us about tests, once there is a pipeline file."""
    if not config.pluginmanager.has_plugin(PARTNER):
        config.pluginmanager.register(Rehearsals(config), PARTNER)


def _rehearsals(config: pytest.Config) -> Rehearsals:
    found = config.pluginmanager.get_plugin(PARTNER)
    if not isinstance(found, Rehearsals):
        raise TypeError("no pipeline file was collected")
    return found


def _is_worker(config: pytest.Config) -> bool:
    """Whether this is one of several processes of pytest-xdist."""
    return hasattr(config, "workerinput")


def _folder(config: pytest.Config, file: PipelineFile) -> Path:
    """Where the run of a file keeps what it writes: beside what `tmp_path` of tests holds.

    Raises:
        RehearsalFailedError: pytest keeps no such folder.
    """
    factory = getattr(config, "_tmp_path_factory", None)  # how pytest's own fixtures get it
    if not isinstance(factory, pytest.TempPathFactory):
        raise RehearsalFailedError(
            "pytest keeps no temporary folder for what a run writes.\n  → leave out -p no:tmpdir"
        )
    place = factory.getbasetemp()
    digest = hashlib.sha256(str(file.path).encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return (place.parent if _is_worker(config) else place) / f"runthrough-{digest}"


def _wanted(config: pytest.Config) -> Wanted:
    return Wanted(
        cwd=str(config.invocation_params.dir),
        session=config.getoption("runthrough_session"),
        runner=config.getoption("runthrough_runner"),
        jobs=config.getoption("runthrough_jobs"),
        fail_fast=config.getoption("maxfail") == 1,
        near=lambda path: _near(config, path),
    )


def _near(config: pytest.Config, path: str) -> str:
    """A path as whoever typed the command writes it."""
    start = config.invocation_params.dir
    return str(Path(path).relative_to(start)) if Path(path).is_relative_to(start) else path
