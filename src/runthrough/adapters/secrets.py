"""Where the values of secrets come from when a script starts."""

from collections.abc import Mapping


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
