"""Secrets that a configuration names and a machine does not know."""

from collections.abc import Collection, Iterator

from runthrough.core.validation.words import command, word
from runthrough.core.values.ids import NodeName
from runthrough.core.values.problems import Place, PlaceKind, Problem
from runthrough.core.values.secrets import secret_names
from runthrough.core.values.specs import ScriptSpec


def secrets_of(spec: ScriptSpec) -> frozenset[str]:
    """The names of all secrets that a configuration refers to."""
    return frozenset(name for _, _, names in _uses(spec) for name in names)


def unset_secrets(
    node: NodeName, spec: ScriptSpec, unset: Collection[str], *, served_on: str | None = None
) -> Iterator[Problem]:
    """A warning for each value that is to come from a secret which is `unset`.

    It forbids nothing: the secret may be set before the run, or where the scripts run. `served_on`
    names the host of the service, where it is told by one.
    """
    for kind, value, names in _uses(spec):
        for name in names:
            if name not in unset:
                continue
            flag = "env" if kind == "environ_var" else "arg"
            other = command("configure", node, options=f"--{flag} {word(value)}=@secret:NAME")
            yield Problem(
                code="SECRET_NOT_FOUND",
                severity="warning",
                where=Place(node=node, kind=kind, name=value),
                message=f"The secret {name}, from which {value} is to come, is not set on this "
                "machine",
                fix=f"{_set(name, served_on)}, or {other}",
            )


def _set(name: str, served_on: str | None) -> str:
    if served_on is None:
        return f"set {name} in the environment or keyring"
    return (
        f"set {name} where the service runs (host {served_on}) and start it anew, or keep it in "
        "the keyring there"
    )


def _uses(spec: ScriptSpec) -> Iterator[tuple[PlaceKind, str, tuple[str, ...]]]:
    """Each variable and argument with the secrets in its value."""
    for variable, text in spec.environ_vars.items():
        yield "environ_var", variable, secret_names(text)
    for argument, value in spec.job_args.items():
        yield "job_arg", argument, secret_names(value)
