"""Errors about a pipeline file that do not repeat a secret which stands in it."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from runthrough.core.values.secrets import masked_text
from runthrough.errors import PipelineFileError

P = ParamSpec("P")
R = TypeVar("R")


def untold(load: Callable[P, R]) -> Callable[P, R]:
    """Mask what looks like a secret in the errors of a reader.

    An error that is told anew has no other one behind it: the parser's own shows the line.
    """

    @wraps(load)
    def loaded(*args: P.args, **given: P.kwargs) -> R:
        try:
            return load(*args, **given)
        except PipelineFileError as error:
            told = str(error), str(error.__cause__), str(error.__context__)
            if tuple(map(masked_text, told)) == told:
                raise
            safe = PipelineFileError(
                error.path,
                masked_text(error.reason),
                line=error.line,
                column=error.column,
                fix=error.fix and masked_text(error.fix),
            )
        raise safe

    return loaded
