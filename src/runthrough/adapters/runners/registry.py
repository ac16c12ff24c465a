"""Opens the runner that a URL names: one of ours, or one that another distribution brings.

A distribution brings a runner by an entry point of the group `runthrough.runners`: its name is
the scheme of the URL, its object is called with the URL and the number of scripts at once. What
a runner needs is imported when it is opened, so that nobody waits for an engine that is not used.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from typing import Protocol
from urllib.parse import urlsplit

from runthrough.core.names import nearest
from runthrough.core.values.attempts import ScriptRequest, ScriptResult
from runthrough.core.values.secrets import masked_text
from runthrough.errors import RunnerUnavailableError, RunthroughError

GROUP = "runthrough.runners"
"""Where other distributions announce their runners."""

OURS = ("process", "forkserver", "debug", "dask-local", "dask", "dask+tls")
_NEEDED = {
    "dask": ("distributed",),
    "dask+tls": ("distributed",),
    "dask-local": ("distributed", "cryptography"),
}
_REMOTE = ("dask", "dask+tls")
_FORMS = {
    scheme: f"{scheme}://HOST:PORT" if scheme in _REMOTE else f"{scheme}:" for scheme in OURS
}


class Runner(Protocol):
    """What every runner does; see `application.ports.ScriptRunner`."""

    def submit(self, request: ScriptRequest) -> Future[ScriptResult]:
        """Start an attempt; the future never raises for what a script did."""
        ...

    def cancel(self, attempt: str) -> None:
        """End an attempt and everything below it; its future yields `cancelled`."""
        ...

    def close(self) -> None:
        """End all attempts and free what the runner holds."""
        ...


def open_runner(
    url: str,
    jobs: int,
    *,
    preload: Sequence[str] = (),
    told: Callable[[str], None] | None = None,
) -> Runner:
    """Make the runner that a URL names, for so many scripts at once.

    Args:
        url: Such as `process:` or `dask://host:8786`.
        jobs: Scripts at once.
        preload: Modules that `forkserver:` imports once for all scripts.
        told: Is told what a person should know and nothing fails for.

    Raises:
        RunnerUnavailableError: There is none of that name, or it cannot be used now.
    """
    check_runner(url)
    scheme = _scheme(url)
    # Each is imported here, because a run needs one of them and most commands none.
    match scheme:
        case "process":
            from runthrough.adapters.runners.process import ProcessRunner  # noqa: PLC0415

            return ProcessRunner(jobs)
        case "forkserver":
            from runthrough.adapters.runners.forkserver import ForkServerRunner  # noqa: PLC0415

            return ForkServerRunner(jobs, preload=preload, told=told)
        case "debug":
            from runthrough.adapters.runners.debug import DebugRunner  # noqa: PLC0415

            return DebugRunner(jobs=1)
        case "dask-local":
            from runthrough.adapters.runners.dask import local_runner  # noqa: PLC0415

            return local_runner(jobs)
        case "dask" | "dask+tls":
            from runthrough.adapters.runners.dask import connected_runner  # noqa: PLC0415

            return connected_runner(_address(url, scheme), jobs)
    return _foreign(url, jobs, _announced(scheme))


def check_runner(url: str) -> None:
    """See that a URL names a runner and is whole, without starting or importing anything.

    Raises:
        RunnerUnavailableError: It is not, or what the runner needs is not installed.
    """
    scheme = _scheme(url)
    if scheme not in OURS:
        _announced(scheme)
        return
    if scheme in _REMOTE:
        _address(url, scheme)
    elif url.partition(":")[2]:
        raise RunnerUnavailableError(
            f"The runner {scheme}: takes nothing behind its colon, and {shown_runner(url)!r} "
            "has something.",
            fix=f"use the runner {scheme}:",
        )
    for package in _NEEDED.get(scheme, ()):
        if find_spec(package) is None:
            raise RunnerUnavailableError(
                f"The runner {scheme}: needs {package}, which is not installed.",
                fix="pip install 'runthrough[dask]'",
            )


def shown_runner(url: str) -> str:
    """A runner's URL for people and for the log: without a password."""
    return masked_text(url)


def _scheme(url: str) -> str:
    return url.partition(":")[0].strip().lower()


def _address(url: str, scheme: str) -> str:
    """The address of a scheduler, as Dask writes it."""
    example = f"{scheme}://scheduler:8786"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:  # brackets that do not close, a port that is none
        host = port = None
    if not host or not port:
        raise RunnerUnavailableError(
            f"The runner {shown_runner(url)!r} names no scheduler by host and port.",
            fix=f"write it as in {example}",
        )
    if parts.username or parts.path.strip("/") or parts.query or parts.fragment:
        raise RunnerUnavailableError(
            f"The runner {shown_runner(url)!r} says more than a host and a port, and Dask knows "
            "nothing more.",
            fix=f"write it as in {example}",
        )
    protocol = "tls" if scheme == "dask+tls" else "tcp"
    return f"{protocol}://{f'[{host}]' if ':' in host else host}:{port}"


def _announced(scheme: str) -> EntryPoint:
    """The one entry point of that name."""
    found = [point for point in entry_points(group=GROUP) if point.name.lower() == scheme]
    if not found:
        raise _unknown(scheme, {point.name for point in entry_points(group=GROUP)})
    if len({point.value for point in found}) > 1:
        raise RunnerUnavailableError(
            f"Several distributions bring a runner {scheme}:, and it is not known which one is "
            f"meant: {', '.join(sorted(map(_source, found)))}.",
            fix="uninstall all but one of them",
        )
    return found[0]


def _unknown(scheme: str, others: Iterable[str]) -> RunnerUnavailableError:
    forms = _FORMS | {name: f"{name}:" for name in others if name not in OURS}
    near = nearest(scheme, forms)
    listed = [*near, *(name for name in forms if name not in near)]
    return RunnerUnavailableError(
        f"There is no runner {scheme}:. There are {', '.join(forms[name] for name in listed)}.",
        fix=f"use the runner {forms[near[0]] if near else 'process:'}",
    )


def _foreign(url: str, jobs: int, point: EntryPoint) -> Runner:
    advice = f"mend or uninstall {_source(point)}, or use the runner process:"
    try:
        runner: Runner = point.load()(url, jobs)
    except RunthroughError:
        raise
    except Exception as exc:  # whatever another's code raises must be told as what it is
        raise RunnerUnavailableError(
            f"The runner {point.name}: of {_source(point)} cannot be opened: "
            f"{type(exc).__name__}: {exc}",
            fix=advice,
        ) from exc
    missing = [
        name for name in ("submit", "cancel", "close") if not callable(getattr(runner, name, None))
    ]
    if missing:
        raise RunnerUnavailableError(
            f"What {_source(point)} brings as the runner {point.name}: is none: it has no "
            f"{' and no '.join(missing)}.",
            fix=advice,
        )
    return runner


def _source(point: EntryPoint) -> str:
    """Where an entry point comes from: its distribution, else the object it names."""
    return point.dist.name if point.dist is not None else point.value
