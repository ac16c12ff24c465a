"""What mends something, told by the page's own buttons and fields where it has them."""

import re
from collections.abc import Sequence

_WORD = r"('[^']*'|[^\s,;:]+)"
"""A name as a shell takes it."""
_PLACE = "(?:PATH|VALUE|NUMBER)"
_HERE: Sequence[tuple[re.Pattern[str], str]] = tuple(
    (re.compile(command), words)
    for command, words in (
        (
            rf"go on with it \(runthrough resume --session {_WORD}\) or choose another --name",
            "open that session, or choose another name",
        ),
        (
            r"runthrough rename NAME, with a name that is free",
            "type another name, one that is free",
        ),
        (
            r"runthrough reopen --name NAME, with a name that is free",
            "type another name beside Reopen, one that is free",
        ),
        (r"open it again: runthrough reopen", "open it again: Reopen, under Session"),
        (r"close it first: runthrough close", "close it first, under Session"),
        (
            r"wait until it ends \(runthrough status shows it\), or end it: runthrough cancel",
            "wait until it ends, or press Stop",
        ),
        (r"\(runthrough history[^)]*\)", "(History)"),
        (r"runthrough history (lists|tells)", r"History \1"),
        (r"runthrough plan (shows)", r"Plan \1"),
        (r"runthrough status (shows|lists)", r"the session's screen \1"),
        (
            r"runthrough sessions (lists) them; --(?:like|session) NAME",
            r"the start page \1 them; its name",
        ),
        (
            r"runthrough resume --here(?: --workspace PATH)?(?: --pipeline FILE)?",
            "Move it to this host, under Session",
        ),
        (
            rf"ask an admin: runthrough token create {_WORD} --role (\w+)",
            r"ask an admin for a token with the role \2",
        ),
        (r"a token without --session", "a token that is for all sessions"),
        (
            rf"runthrough configure {_WORD} --(?:env|arg) {_WORD}=@secret:NAME",
            r"name another secret for \2 in the form of \1",
        ),
        (
            rf"runthrough configure {_WORD} --(?:input|output|env|arg) ([^\s=]+)={_PLACE}\b",
            r"give \2 in the form of \1",
        ),
        (rf"runthrough bind {_WORD} PATH", r"bind a script in the form of \1"),
        (
            rf"runthrough external {_WORD} --output \S+",
            r"mark \1 external, under More in its form",
        ),
        (
            r"^runthrough serve --root DIR",
            "ask whoever runs the service to start it with --root DIR",
        ),
        (r"^runthrough run$", "press Run"),
        (r"^runthrough note TEXT$", "write something"),
    )
)
"""What is said to be typed into a shell, and what to do here in its place."""
_TYPED = re.compile(r"runthrough configure .+? --(?:input|output|env|arg) [^=\s]+=(\S+)")
_PLACES = {
    "PATH": "a path",
    "VALUE": "a value",
    "NUMBER": "a number",
    "@secret:NAME": "the name of a secret",
}


def on_the_page(fix: str) -> str:
    """What mends something, with buttons and fields in place of commands that do the same.

    A command that the page has nothing for is left as it is.
    """
    for command, words in _HERE:
        fix = command.sub(words, fix)
    return fix


def at_the_field(fix: str) -> str:
    """What mends something, where it is typed into the field itself and not as a command."""
    return _TYPED.sub(_typed, fix)


def _typed(found: re.Match[str]) -> str:
    given = found[1].rstrip(",;")
    return f"type {_PLACES.get(given, given)}{found[1][len(given) :]}"
