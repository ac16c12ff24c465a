"""Commands inside of advice, given the options that say what they are about."""

import contextlib
import re
import shlex
from collections.abc import Mapping

VERBS = (
    "accept|approve|archive|as-of|audit|bind|cancel|check|clear|close|completion|config|configure"
    "|confirm|connect|db|demo|diff|disconnect|doctor|export|external|fork|history|init|internal"
    "|logs|new|next|note|plan|redo|reject|rename|reopen|report|requirements|resume|retry|run"
    "|serve|sessions|show|status|token|undo|update|why"
)
"""All commands, and groups of them."""
ADVISED = re.compile(
    rf"\brunthrough (?:{VERBS})(?![\w-])"
    r"(?: (?:checkpoint|create|export|import|list|revoke|verify|upgrade|show)\b)?"
)
"""A command inside of advice, up to where its options may stand."""
WITHOUT_SESSION = frozenset(
    {"new", "sessions", "doctor", "demo", "db", "audit", "init", "completion", "serve", "token"}
)
"""Commands, and groups of them, that are about no session or about all."""
_SENTENCE = re.compile(
    r"runthrough (?:[\w-]+ )+(?:begins|closes|finds|lets|lists|makes|names|shows|takes|tells)\b"
)
"""A sentence that a command begins: `runthrough history lists them`."""
_SAID_OF_IT = re.compile(r", (?:or|to|with|and) | \(")
"""Where a fix goes on in words: `runthrough bind NODE PATH, or runthrough external …`."""


def about_session(advice: str, session: str) -> str:
    """Advice whose commands are about a session, wherever they are typed.

    The option is put behind the verb where the advice is a sentence, or holds several commands;
    a command that names a session already is left as it is.
    """

    def named(command: str) -> str:
        takes = command.startswith("runthrough ") and takes_session(command.split()[1:])
        return with_options(command, {"--session": session}) if takes else command

    if "--session" in advice:
        return advice
    alone = advice.startswith("runthrough ") and advice.count("runthrough ") == 1
    if alone and not _SENTENCE.match(advice):
        return named(advice)
    return ADVISED.sub(lambda found: named(found[0]), advice)


def with_options(command: str, options: Mapping[str, str]) -> str:
    """A command with more options, put before what is said of the command behind it."""
    told = " ".join(f"{name} {shlex.quote(value)}" for name, value in options.items())
    if " -- " in command:  # behind it nothing is an option
        return command.replace(" -- ", f" {told} -- ", 1)
    for words in _SAID_OF_IT.finditer(command):
        head = command[: words.start()]
        with contextlib.suppress(ValueError):  # it ends inside of quotes, so nothing is said yet
            shlex.split(head)
            return f"{head} {told}{command[words.start() :]}"
    return f"{command} {told}"


def takes_session(words: list[str]) -> bool:
    """Whether a command to type takes a session: of `audit` only the export does."""
    name = words[0] if words else ""
    about_all = name in WITHOUT_SESSION and words[:2] != ["audit", "export"]
    return not (name.startswith("-") or about_all)
