"""What an attempt was given, and what lies there, for those who explain its failure."""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from runthrough.core.validation.seams import NOTHING_SEEN
from runthrough.core.values.connections import Output
from runthrough.core.values.facts import ContentFacts
from runthrough.core.values.ids import NodeName
from runthrough.core.values.limits import UNLIMITED, Limits


@dataclass(frozen=True, slots=True)
class TakenInput:
    """One input as an attempt got it, and what lies there."""

    path: str
    """Absolute."""
    source: Output | None = None
    """The output that feeds it; `None` for a path that was given."""
    content: ContentFacts = NOTHING_SEEN
    parts: Mapping[str, ContentFacts] = field(default_factory=dict)
    """Of a folder some of its files."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What an attempt was given, and how it ended."""

    node: NodeName
    inputs: Mapping[str, TakenInput] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    """Absolute paths."""
    environ_vars: tuple[str, ...] = ()
    job_args: tuple[str, ...] = ()
    """Names; values are never told."""
    folder: str = ""
    """The attempt's own, absolute."""
    python: str | None = None
    """As configured; `None` for the interpreter that runs the tester."""
    version: str | None = None
    timeout_s: float | None = None
    limits: Limits = UNLIMITED
    peak_rss_bytes: int | None = None
    signal: int | None = None
    sagemaker: bool = False
    """Whether the run set SageMaker's variables."""
    stderr_tail: str = ""


def contents(around: Circumstances) -> Iterator[tuple[str, ContentFacts]]:
    """Every file that was looked into, by a name that a person knows it by."""
    for name, taken in around.inputs.items():
        base = posixpath.basename(taken.path)
        yield base if posixpath.splitext(base)[1] else name, taken.content
        for part, content in taken.parts.items():
            yield f"{name}/{part}", content
