"""Advice for who holds a session in a program: the calls that commands to type stand for."""

import json
import re
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from dataclasses import replace
from shlex import quote

from runthrough.core.views.typed_commands import SHAPES, TypedCommand, commands_in

SHELL = "in a shell: "
"""Stands before a command that no call does."""
CLASS = "InteractiveRuntimeTestingFactory"
ADVISING = frozenset(
    {
        "compatibility_issues",
        "description",
        "error_hints",
        "errors",
        "fix",
        "hints",
        "left_out",
        "message",
        "needs",
        "next",
        "next_command",
        "text",
        "told",
        "warnings",
    }
)
"""Keys of views under which our own sentences stand."""
GIVEN = frozenset(
    {
        "after",
        "before",
        "environ_vars",
        "input_paths",
        "job_args",
        "new",
        "old",
        "output_paths",
        "returned",
        "script_configurations",
        "spec",
        "value",
    }
)
"""Keys under which nothing is ours, whatever keys stand in it."""
PLACEHOLDERS = frozenset(
    {"DIR", "FILE", "N", "NAME", "NEW", "NODE", "OLD", "PATH", "PIPELINE", "TEXT", "V", "VALUE"}
)
"""Words to be filled in; a call has them without quotes."""
ANY_SESSION = "SESSION"
_FLAGS = {
    "--force": "force=True",
    "--here": "here=True",
    "--like NAME": "like=NAME",
    "--session NAME": f"{CLASS}.resume(NAME)",
    "--take-over": "take_over=True",
    "@plain:VALUE": "{'plain': VALUE}",
    "another --name": "another name",
    "memory=2GiB, cpu_s=60 or open_files=256": (
        "limits={'memory': '2GiB', 'cpu_s': 60, 'open_files': 256}"
    ),
}
"""What advice names by itself, outside a command, and what it stands for."""
_FLAG = re.compile("|".join(rf"(?<![\w-]){flag}(?![\w-])" for flag in _FLAGS))
_CALLED = re.compile(r"(?<![\w.])factory\.(?=(\w+)\()")
_INTO = {
    "--input": "input_paths",
    "--output": "output_paths",
    "--env": "environ_vars",
    "--arg": "job_args",
    "--limit": "limits",
}
"""Options that add to a mapping, `NAME=VALUE`."""
_KEYWORDS = {
    "--actor": "actor",
    "--at": "at",
    "--based-on": "based_on",
    "--jobs": "jobs",
    "--like": "like",
    "--name": "name",
    "--node": "node",
    "--note": "user_notes",
    "--pipeline": "pipeline",
    "--since": "since",
    "--timeout": "timeout_s",
    "--to": "to",
    "--type": "type",
    "--unset": "unset",
    "--workspace": "workspace_dir",
}
_OF_THE_SCREEN = frozenset({"--all"})
"""Options that a call has no need of: what it gives is whole."""
_SWITCHES = {
    "--anyone": "anyone=True",
    "--fail-fast": "fail_fast=True",
    "--force": "force=True",
    "--here": "here=True",
    "--no-reuse": "reuse=False",
    "--partial": "partial=True",
    "--replace": "replace=True",
    "--sagemaker": "sagemaker=True",
    "--take-over": "take_over=True",
}
_LISTS = frozenset({"unset="})
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_NUMBERS = frozenset({"at", "based_on", "jobs", "since", "timeout_s", "to"})


def calls_in_python(text: str, *, session: str | None = None) -> str:
    """Advice in which commands to type have become calls of `factory`.

    A command that no call does stays, and is said to be for a shell. `session` is the name of the
    session that the reader holds.
    """
    parts, done = [], 0
    for told in commands_in(text):
        before = text[done : told.start]
        call = _call(told, session or ANY_SESSION)
        parts += [_with_keywords(before), call or text[told.start : told.end]]
        if call is None and not before.endswith(SHELL):  # else that was said already
            parts[-1] = SHELL + parts[-1]
            if session is not None and told.verb in OF_A_SESSION:
                parts.append(f" --session {quote(session)}")
        done = told.end
    return "".join([*parts, _with_keywords(text[done:])])


def calls_without_an_object(text: str, session: str | None) -> str:
    """Advice for who holds no `factory` yet: each call of one begins with how to come by it.

    `session` is the name by which a session was asked for; a placeholder where there was none.
    """
    name = ANY_SESSION if session is None else repr(session)

    def opened(found: re.Match[str]) -> str:
        way = "open" if found[1] in _READING else "resume"
        return f"{CLASS}.{way}({name})."

    return _CALLED.sub(opened, calls_in_python(text, session=session))


def view_in_python(view: object, *, session: str | None = None) -> None:
    """Let whatever a view advises, at any depth, be in Python; what others wrote stays."""
    if isinstance(view, MutableMapping):
        for key, value in view.items():
            if key in ADVISING:
                view[key] = _advice(value, session)
            elif key not in GIVEN:
                view_in_python(value, session=session)
    elif isinstance(view, MutableSequence):
        for value in view:
            view_in_python(value, session=session)


def _advice(value: object, session: str | None) -> object:
    if isinstance(value, str):
        return calls_in_python(value, session=session)
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return [calls_in_python(one, session=session) for one in value]
    view_in_python(value, session=session)
    return value


def _with_keywords(text: str) -> str:
    """Options that a sentence names by themselves, as keywords."""
    return _FLAG.sub(lambda found: _FLAGS[found[0]], text)


def _call(told: TypedCommand, session: str) -> str | None:
    """The call that a command stands for; none where nothing but a shell does it."""
    if len(told.places) < SHAPES[told.verb].needs:
        return None
    if told.verb in _METHODS:
        return _written(told, _METHODS[told.verb], [_source(place) for place in told.places])
    worded = _WORDED.get(told.verb)
    return worded(told, session) if worded is not None else None


def _written(
    told: TypedCommand, method: str, places: Sequence[str], *, receiver: str = "factory."
) -> str | None:
    """A call with these places and what the options say; none where no keyword says one."""
    given: dict[str, list[str]] = {}
    for option, value in told.options:
        if option in _INTO:
            given.setdefault(_INTO[option], []).append(_pair(option, value))
        elif option in _SWITCHES:
            given[_SWITCHES[option]] = []
        elif option in _KEYWORDS:
            keyword = _KEYWORDS[option]
            given.setdefault(f"{keyword}=", []).append(_keyword_value(keyword, value))
        elif option not in _OF_THE_SCREEN:
            return None
    keywords = [_keyword(keyword, values) for keyword, values in given.items()]
    return f"{receiver}{method}({', '.join([*places, *keywords])})"


def _keyword(keyword: str, values: Sequence[str]) -> str:
    """A keyword and all that was given for it; a switch says it by itself."""
    if keyword in _INTO.values():
        return f"{keyword}={{{', '.join(values)}}}"
    return (
        f"{keyword}[{', '.join(values)}]"
        if keyword in _LISTS
        else f"{keyword}{''.join(values[-1:])}"
    )


def _keyword_value(keyword: str, value: str) -> str:
    return value if keyword in _NUMBERS and _NUMBER.fullmatch(value) else _source(value)


def _pair(option: str, given: str) -> str:
    """`NAME=VALUE` as a key and its value."""
    name, _, value = given.partition("=")
    return f"{_source(name)}: {_value(option, value)}"


def _value(option: str, value: str) -> str:
    kind, _, rest = value.partition(":")
    if option == "--input" and value.startswith("@"):
        return _source(value)
    if option in {"--env", "--arg"} and kind == "@secret":
        return f"{{'secret': {_source(rest)}}}"
    if option in {"--env", "--arg"} and kind == "@plain":
        return f"{{'plain': {_source(rest)}}}"
    if option == "--limit" and _NUMBER.fullmatch(value):
        return value
    return _typed(value) if option == "--arg" else _source(value)


def _typed(value: str) -> str:
    """An argument's value as the command line reads it: JSON, else text."""
    try:
        return repr(json.loads(value))
    except ValueError:
        return _source(value)


def _source(text: str) -> str:
    return text if text in PLACEHOLDERS else repr(text)


def _configured(told: TypedCommand, _: str) -> str | None:
    return _written(told, "configure_script_testing", [_source(told.places[0])])


def _externally(told: TypedCommand, _: str) -> str | None:
    outputs = ", ".join(_pair("--output", v) for option, v in told.options if option == "--output")
    places = [_source(told.places[0]), *([f"{{{outputs}}}"] if outputs else [])]
    rest = tuple(given for given in told.options if given[0] != "--output")
    return _written(replace(told, options=rest), "mark_external", places)


def _selecting(told: TypedCommand, _: str) -> str | None:
    if ("--take-over", "") in told.options:  # to take a run over is what `resume` does
        return None
    method = {"run": "execute_dag_guided_testing"}.get(told.verb, told.verb)
    places = [_source(place) for place in told.places]
    return _written(told, method, [f"[{', '.join(places)}]"] if len(places) > 1 else places)


def _resumed(told: TypedCommand, session: str) -> str | None:
    name = next((value for option, value in told.options if option == "--session"), session)
    rest = tuple(given for given in told.options if given[0] != "--session")
    place = name if name == ANY_SESSION else _source(name)
    return _written(replace(told, options=rest), "resume", [place], receiver=f"{CLASS}.")


def _begun(told: TypedCommand, _: str) -> str | None:
    named = {**_KEYWORDS, "--name": "session_name"}
    if not told.places or any(option not in named for option, _ in told.options):
        return None
    given = [f"{named[option]}={_source(value)}" for option, value in told.options]
    return f"{CLASS}({', '.join([_loaded(told.places[0]), *given])})"


def _updated(told: TypedCommand, _: str) -> str:
    renamed = ", ".join(_pair("--rename", value) for _, value in told.options)
    given = [*map(_loaded, told.places), *([f"renamed={{{renamed}}}"] if renamed else [])]
    return f"factory.update({', '.join(given)})"


def _loaded(file: str) -> str:
    return f"load_pipeline({_source(file)})"


def _as_numbers(told: TypedCommand, _: str) -> str | None:
    """A version; a time is written otherwise in Python."""
    if not all(place in PLACEHOLDERS or _NUMBER.fullmatch(place) for place in told.places):
        return None
    return f"factory.{told.verb.replace('-', '_')}({', '.join(told.places)})"


def _shown(told: TypedCommand, _: str) -> str:
    return f"factory.status()['nodes'][{_source(told.places[0])}]"


def _exported(told: TypedCommand, _: str) -> str | None:
    files = [value for option, value in told.options if option == "--pipeline"]
    rest = tuple(given for given in told.options if given[0] == "--force")
    places = [_source(file) for file in files]
    return _written(replace(told, options=rest), "export", places) if files else None


def _archived(told: TypedCommand, _: str) -> str | None:
    return _written(
        replace(told, options=()), "archive", [_source(value) for _, value in told.options]
    )


def _verified(told: TypedCommand, _: str) -> str | None:
    return "factory.verify_audit()" if told.places == ("verify",) and not told.options else None


def _compared(told: TypedCommand, _: str) -> str | None:
    return None if told.places or ("--exit-code", "") in told.options else "factory.diff()"


_METHODS = {
    "accept": "accept_unchanged",
    "bind": "bind_script",
    "cancel": "cancel",
    "check": "check",
    "clear": "clear_configuration",
    "close": "close",
    "confirm": "confirm",
    "connect": "connect",
    "disconnect": "disconnect",
    "fork": "fork",
    "history": "history",
    "internal": "mark_internal",
    "logs": "logs",
    "note": "note",
    "redo": "redo",
    "reject": "reject",
    "rename": "rename",
    "reopen": "reopen",
    "requirements": "get_script_testing_requirements",
    "status": "worklist",
    "undo": "undo",
    "why": "why",
}
"""Verbs whose places and options are a method's arguments."""
_WORDED: Mapping[str, Callable[[TypedCommand, str], str | None]] = {
    "approve": _as_numbers,
    "archive": _archived,
    "as-of": _as_numbers,
    "audit": _verified,
    "configure": _configured,
    "diff": _compared,
    "export": _exported,
    "external": _externally,
    "new": _begun,
    "plan": _selecting,
    "resume": _resumed,
    "retry": _selecting,
    "run": _selecting,
    "show": _shown,
    "update": _updated,
}
_READING = frozenset({"cancel", "check", "diff", "history", "logs", "plan", "why", "worklist"})
"""Methods that an object which is opened to be read has as well."""
SHELL_ONLY = frozenset(SHAPES) - frozenset(_METHODS) - frozenset(_WORDED)
"""Verbs that no call does."""
OF_A_SESSION = frozenset({"next", "report"})
"""Those of them that are about one session."""
