"""Where the values of secrets come from when a script starts."""

import importlib
import re
import shlex
from collections.abc import Mapping
from typing import Any

from runthrough.errors import RunnerUnavailableError

SERVICE = "runthrough"
"""Under this name a keyring holds our secrets: `keyring set runthrough NAME`."""
_VARIABLE = re.compile(r"[A-Za-z_]\w*", re.ASCII)


class EnvironmentSecrets:
    """Looks secrets up among environment variables."""

    __slots__ = ("_environ",)

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Look into `environ`, which is read anew each time."""
        self._environ = environ

    def __repr__(self) -> str:
        """Nothing of what it holds."""
        return "EnvironmentSecrets()"

    def resolve(self, name: str) -> str | None:
        """The value of the variable called `name`; `None` when there is none."""
        return self._environ.get(name)


class LocalSecrets:
    """Looks secrets up on this machine: in the environment, then in the user's keyring.

    The keyring is an extra and is loaded only for a name that the environment does not have.
    """

    __slots__ = ("_environment", "_served_on")

    def __init__(self, environ: Mapping[str, str], *, served_on: str | None = None) -> None:
        """Look into `environ`, which is read anew each time, before the keyring.

        `served_on` names the host of a service: whoever is told what is missing sits elsewhere.
        """
        self._environment = EnvironmentSecrets(environ)
        self._served_on = served_on

    def __repr__(self) -> str:
        """Nothing of what it holds."""
        return "LocalSecrets()"

    def resolve(self, name: str) -> str:
        """The value of the secret called `name`.

        Raises:
            RunnerUnavailableError: Neither place has it, or the keyring cannot be read.
        """
        value = self._environment.resolve(name)
        return _in_keyring(name, self._served_on) if value is None else value


# What a script could not start for is told in one line, so that what to do stands in it too.


def _in_keyring(name: str, served_on: str | None) -> str:
    store = f"keyring set {SERVICE} {shlex.quote(name)}{' there' if served_on else ''}"
    ways = _exported(name, served_on)
    try:
        keyring: Any = importlib.import_module("keyring")
        errors: Any = importlib.import_module("keyring.errors")
    except ImportError as exc:
        install = f"pip install keyring && {store}"
        raise _not_set(name, "keyring is not installed", *ways, install) from exc
    try:
        value = keyring.get_password(SERVICE, name)
    except errors.NoKeyringError as exc:
        raise _not_set(name, "this machine has no keyring", *ways) from exc
    except errors.KeyringLocked as exc:
        raise _unreadable(name, "is locked", "unlock it", *ways) from exc
    except Exception as exc:
        # Backends raise anything. Only its class is told: its words may hold the value.
        what = f"cannot be read ({type(exc).__name__})"
        raise _unreadable(name, what, "see keyring diagnose", *ways) from exc
    if value is None:
        raise _not_set(name, f"the keyring has none under {SERVICE}", *ways, store)
    if not isinstance(value, str):
        what = f"gives a {type(value).__name__} that is no text"
        raise _unreadable(name, what, "see keyring diagnose", *ways)
    return value


def _not_set(name: str, why: str, *ways: str) -> RunnerUnavailableError:
    """The error for a secret that neither place has, and the ways to set it."""
    told = ", or ".join(ways) or "give it another name"
    return RunnerUnavailableError(
        f"The secret {name} is not set where the scripts run: the environment has none of that "
        f"name, and {why}; {told}, then run again"
    )


def _unreadable(name: str, what: str, *ways: str) -> RunnerUnavailableError:
    return RunnerUnavailableError(
        f"The secret {name} is not set in the environment, and the keyring {what}; "
        f"{', or '.join(ways)}, then run again"
    )


def _exported(name: str, served_on: str | None) -> list[str]:
    """How to set it in the environment, which has not every name."""
    if not _VARIABLE.fullmatch(name):
        return []
    if served_on is None:
        return [f"export {name}=…"]
    return [f"set {name} where the service runs (host {served_on}) and start it anew"]
