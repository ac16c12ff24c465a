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

    __slots__ = ("_environment",)

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Look into `environ`, which is read anew each time, before the keyring."""
        self._environment = EnvironmentSecrets(environ)

    def __repr__(self) -> str:
        """Nothing of what it holds."""
        return "LocalSecrets()"

    def resolve(self, name: str) -> str:
        """The value of the secret called `name`.

        Raises:
            RunnerUnavailableError: Neither place has it, or the keyring cannot be read.
        """
        value = self._environment.resolve(name)
        return _in_keyring(name) if value is None else value


# What a script could not start for is told in one line, so that what to do stands in it too.


def _in_keyring(name: str) -> str:
    store = f"keyring set {SERVICE} {shlex.quote(name)}"
    try:
        keyring: Any = importlib.import_module("keyring")
        errors: Any = importlib.import_module("keyring.errors")
    except ImportError as exc:
        install = f"pip install keyring && {store}"
        raise _not_set(name, "keyring is not installed", install) from exc
    try:
        value = keyring.get_password(SERVICE, name)
    except errors.NoKeyringError as exc:
        raise _not_set(name, "this machine has no keyring") from exc
    except errors.KeyringLocked as exc:
        raise _unreadable(name, "is locked", "unlock it") from exc
    except Exception as exc:
        # Backends raise anything. Only its class is told: its words may hold the value.
        what = f"cannot be read ({type(exc).__name__})"
        raise _unreadable(name, what, "see keyring diagnose") from exc
    if value is None:
        raise _not_set(name, f"the keyring has none under {SERVICE}", store)
    if not isinstance(value, str):
        what = f"gives a {type(value).__name__} that is no text"
        raise _unreadable(name, what, "see keyring diagnose")
    return value


def _not_set(name: str, why: str, *stored: str) -> RunnerUnavailableError:
    """The error for a secret that neither place has; `stored` is how the keyring gets it."""
    ways = [*_exported(name), *stored] or ["give it another name"]
    return RunnerUnavailableError(
        f"The secret {name} is not set where the scripts run: the environment has none of that "
        f"name, and {why}; {', or '.join(ways)}, then run again"
    )


def _unreadable(name: str, what: str, cure: str) -> RunnerUnavailableError:
    ways = [cure, *_exported(name)]
    return RunnerUnavailableError(
        f"The secret {name} is not set in the environment, and the keyring {what}; "
        f"{', or '.join(ways)}, then run again"
    )


def _exported(name: str) -> list[str]:
    """How to set it in a shell, which has not every name."""
    return [f"export {name}=…"] if _VARIABLE.fullmatch(name) else []
