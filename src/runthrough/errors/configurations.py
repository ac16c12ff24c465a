"""Errors of values: configurations, commands and settings."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from runthrough.errors.root import RunthroughError, did_you_mean

_TOLD = 200
"""Characters of a path that are repeated: nobody reads more."""


class UnknownKeywordError(RunthroughError, ValueError):
    """A keyword that no parameter has."""

    code = "KEYWORD_UNKNOWN"

    def __init__(self, name: str, nearest: Sequence[str] = ()) -> None:
        super().__init__(f"Unknown keyword {name!r}.{did_you_mean(nearest)}")


class ConfigurationInvalidError(RunthroughError, ValueError):
    """A configuration was rejected; `problems` holds every problem as a plain mapping.

    `kept` tells in words what holds and was kept, where that was asked for.
    """

    code = "CONFIGURATION_INVALID"

    def __init__(
        self, node: str, problems: Sequence[Mapping[str, Any]], kept: Sequence[str] = ()
    ) -> None:
        self.node, self.kept = node, tuple(kept)
        self.problems = tuple(dict(problem) for problem in problems)
        super().__init__(self._told())

    def advise(self, advised: Callable[[str], str]) -> None:
        """Let every fix be what `advised` makes of it, as where the command line adds options."""
        self.problems = tuple(
            {**problem, "fix": advised(str(problem["fix"]))} for problem in self.problems
        )
        self.message = self._told()

    def _told(self) -> str:
        lines = [f"Configuration validation failed for {self.node}:"]
        for problem in self.problems:
            lines.append(f"  - {problem['message']}")
            lines.append(f"      → {problem['fix']}")
        if self.kept:
            lines.append("What holds was kept:")
            lines += [f"    {line}" for line in self.kept]
        return "\n".join(lines)


class ConfigurationWarning(UserWarning):
    """Something about an accepted configuration looks wrong and yet forbids nothing."""


class CommandInvalidError(RunthroughError, ValueError):
    """A value of a command is none that can be kept or used."""

    code = "COMMAND_INVALID"

    def __init__(self, verb: str, reason: str, fix: str | None = None) -> None:
        end = "" if reason.endswith("?") else "."
        super().__init__(f"{verb!r} cannot be done as asked: {reason}{end}", fix=fix)


class OutsideRootsError(CommandInvalidError):
    """A path is not inside the folders that the service may touch; nothing there was looked at.

    `path` is what was given, never where it leads.
    """

    code = "OUTSIDE_ROOTS"

    def __init__(self, path: str, places: Sequence[str], *, what: str = "") -> None:
        self.path, self.places = path, tuple(places)
        named = repr(path if len(path) <= _TOLD else f"{path[:_TOLD]}…")
        super(CommandInvalidError, self).__init__(
            f"{what}{' ' if what else ''}{named} does not lie inside the folders that this "
            f"service may touch: {', '.join(places)}.",
            fix="give a path inside them, or let the service use another folder: "
            "runthrough serve --root DIR",
        )


class SettingError(RunthroughError, ValueError):
    """A setting has an unusable value."""

    code = "SETTING_INVALID"
