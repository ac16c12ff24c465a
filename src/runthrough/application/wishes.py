"""How a run is wanted, and what makes a wish that is told twice the same one."""

from dataclasses import dataclass

from runthrough.core.values.ids import CommandId


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a command was asked, where it tells more."""

    chosen: frozenset[str] = frozenset()
    """Fields that were filled in for whoever asks; asked again, they might be filled otherwise."""
    of: str = ""
    """The session that was named, where the command does not go to that one."""


WHOLE = Asked()
"""All that a command tells was asked."""


@dataclass(frozen=True, slots=True)
class RunWish:
    """How a run is wanted."""

    select: tuple[str, ...] = ()
    """`node`, `node+`, `+node`; all nodes when empty."""
    jobs: int = 1
    fail_fast: bool = False
    reuse: bool = True
    sagemaker: bool = False
    take_over: bool = False
    """Whether a run that a tester on another host drives is taken from it, gone or not."""
    retry: bool = False
    """Whether it runs what did not pass, as `Session.to_retry` tells, whatever is selected."""

    @property
    def asked(self) -> Asked:
        """What of its command was asked: no id, and of a retry not what it has to run by now."""
        return Asked(chosen=frozenset({"run", "select"} if self.retry else {"run"}))


@dataclass(frozen=True, slots=True)
class Once:
    """The command that begins a run: whoever asks with it again is told of that run."""

    command_id: CommandId
