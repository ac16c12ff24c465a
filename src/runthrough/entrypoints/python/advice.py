"""What is advised, in the words of who writes a program."""

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from runthrough.core.views.python_calls import (
    calls_in_python,
    calls_without_an_object,
    view_in_python,
)
from runthrough.errors import ConfigurationInvalidError, RunthroughError

_Class = TypeVar("_Class", bound=type)
_Method = Callable[..., Any]


def advising(actions: _Class) -> _Class:
    """Let whatever a class's public methods answer and raise advise calls, not commands to type.

    A class and not a method is decorated, so that none is forgotten.
    """
    for name, member in list(vars(actions).items()):
        if name.startswith("_") and name != "__init__":
            continue
        if isinstance(member, classmethod):
            setattr(actions, name, classmethod(_advised(member.__func__)))
        elif callable(member):
            setattr(actions, name, _advised(member))
    return actions


def _advised(method: _Method) -> _Method:
    takes = inspect.signature(method)

    @functools.wraps(method)
    def told(self: object, *args: object, **given: object) -> object:
        try:
            answer = method(self, *args, **given)
        except RunthroughError as error:
            held = _session_of(self)
            asked = None if held is not None else _asked(takes, self, *args, **given)
            tell_in_python(error, session=held or asked, held=held is not None)
            raise
        view_in_python(answer, session=_session_of(self))
        return answer

    return told


def _session_of(held: object) -> str | None:
    """The name of the session that an object holds; a class, and one that is begun, holds none."""
    session = getattr(held, "_held", None)
    return session.name if session is not None else None


def _asked(takes: inspect.Signature, *args: object, **given: object) -> str | None:
    """The name by which a call asked for a session that it did not get to hold."""
    told = takes.bind(*args, **given).arguments
    name = told.get("session", told.get("session_name"))
    return name if isinstance(name, str) and name else None


def tell_in_python(error: RunthroughError, *, session: str | None, held: bool = True) -> None:
    """Let an error advise calls; of who holds no session yet, with how to come by one."""
    words = calls_in_python if held else calls_without_an_object
    told = functools.partial(words, session=session)
    if isinstance(error, ConfigurationInvalidError):
        error.advise(told)
    else:
        error.message = told(error.message)
    error.fix = told(error.fix) if error.fix else error.fix
    error.args = (f"{error.message}\n  → {error.fix}" if error.fix else error.message,)
