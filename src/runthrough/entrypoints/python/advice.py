"""What errors advise, in the words of who writes a program."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from runthrough.core.views.python_words import actions_in_python
from runthrough.errors import RunthroughError

_P = ParamSpec("_P")
_R = TypeVar("_R")


def advising(method: Callable[_P, _R]) -> Callable[_P, _R]:
    """Let the errors of a method advise calls instead of commands to type."""

    @functools.wraps(method)
    def told(*args: _P.args, **given: _P.kwargs) -> _R:
        try:
            return method(*args, **given)
        except RunthroughError as error:
            _tell(error)
            raise

    return told


def _tell(error: RunthroughError) -> None:
    if error.fix is None:
        return
    fix = actions_in_python(error.fix)
    if fix != error.fix:
        error.fix = fix
        error.args = (f"{error.message}\n  → {fix}",)
