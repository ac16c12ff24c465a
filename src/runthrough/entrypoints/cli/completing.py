"""What a shell is told when a person presses TAB: quickly, without a trace, and silently."""

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from runthrough.application.session import Session
    from runthrough.bootstrap import Application
    from runthrough.core.values.requirements import RequirementKind

ASKED = "_RUNTHROUGH_COMPLETE"
"""The variable by which a shell's completion script asks."""
PATIENCE_S = 3
"""Nobody waits longer for a TAB; a database that does not answer by then offers nothing."""
_GRACE_S = 0.5
"""For what hears a signal to end by itself."""
SILENT = 1
_UNWRAPPED = "4000"
"""Columns: help that is wrapped would be offered as further words."""

Given = Callable[[typer.Context, str], list[str]]


def answer(ask: Callable[[], object]) -> int:
    """Let typer answer the shell; whatever goes wrong, nothing is offered and nothing is said."""
    from typer import completion  # noqa: PLC0415 - of no use to other commands

    try:
        with (
            _in_time(),
            Path(os.devnull).open("w", encoding="utf-8") as nowhere,
            redirect_stderr(nowhere),
        ):
            completion.completion_init()  # type: ignore[attr-defined]  # typer has it there
            os.environ["COLUMNS"] = _UNWRAPPED
            ask()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else SILENT
    except BaseException:  # noqa: BLE001 - a traceback would be typed into the person's command
        return SILENT
    return SILENT


@contextmanager
def _in_time() -> Iterator[None]:
    """Let what takes too long end with a `TimeoutError`, and the process where none is heard."""

    def too_late(*_: object) -> None:
        raise TimeoutError

    # SQLite waits for somebody's lock in a call during which Python hears no signal.
    last_resort = threading.Timer(PATIENCE_S + _GRACE_S, os._exit, (SILENT,))
    last_resort.daemon = True
    last_resort.start()
    before = signal.signal(signal.SIGALRM, too_late)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        last_resort.cancel()


# ---- what may stand where


def nodes(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names of nodes."""
    return _offered(ctx, incomplete, lambda session: session.state.nodes)


def selections(ctx: typer.Context, incomplete: str) -> list[str]:
    """What `run` selects by: nodes, also with what is above them, and by what became of them."""

    def offer(session: "Session") -> Iterator[str]:
        sign = "+" if incomplete.startswith("+") else ""
        yield from (f"{sign}{node}" for node in session.state.nodes)
        yield from ("state:failed", "state:stale")

    return _offered(ctx, incomplete, offer)


def outputs(ctx: typer.Context, incomplete: str) -> list[str]:
    """`NODE.OUTPUT` of all nodes."""
    return _offered(ctx, incomplete, _all_outputs)


def inputs(ctx: typer.Context, incomplete: str) -> list[str]:
    """`NODE.INPUT` of all nodes."""

    def offer(session: "Session") -> Iterator[str]:
        for node in session.state.nodes:
            for need in session.particulars.needs(node).of("input"):
                yield f"{node}.{need.name}"

    return _offered(ctx, incomplete, offer)


def proposed_inputs(ctx: typer.Context, incomplete: str) -> list[str]:
    """`NODE.INPUT` for which a connection is proposed."""
    return _offered(ctx, incomplete, lambda session: session.proposed(settled=True))


def connected_inputs(ctx: typer.Context, incomplete: str) -> list[str]:
    """`NODE.INPUT` that an output feeds."""
    return _offered(ctx, incomplete, lambda session: session.connected())


def rejectable_inputs(ctx: typer.Context, incomplete: str) -> list[str]:
    """`NODE.INPUT` for which a connection is proposed or stands."""
    return _offered(ctx, incomplete, lambda one: [*one.proposed(), *one.connected()])


def named_inputs(ctx: typer.Context, incomplete: str) -> list[str]:
    """`NAME=` of the node that was typed, and behind `=@` the outputs of others."""
    name, equals, value = incomplete.partition("=")
    if not equals:
        return _named(ctx, incomplete, "input")
    if not value.startswith("@"):
        return []  # a path: the shell completes files itself

    def offer(session: "Session") -> Iterator[str]:
        own = f"{session.node_named(_typed_node(ctx))}."
        for output in _all_outputs(session):
            if not output.startswith(own):
                yield f"{name}=@{output}"

    return _offered(ctx, incomplete, offer)


def named_outputs(ctx: typer.Context, incomplete: str) -> list[str]:
    """`NAME=` of the outputs of the node that was typed."""
    return _named(ctx, incomplete, "output")


def variables(ctx: typer.Context, incomplete: str) -> list[str]:
    """`NAME=` of the variables of the node that was typed, or its choices behind it."""
    return _named(ctx, incomplete, "environ_var")


def arguments(ctx: typer.Context, incomplete: str) -> list[str]:
    """`NAME=` of the arguments of the node that was typed, or its choices behind it."""
    return _named(ctx, incomplete, "job_arg")


def unset_values(ctx: typer.Context, incomplete: str) -> list[str]:
    """The values that the node which was typed has, as `configure --unset` takes them."""

    def offer(session: "Session") -> Iterable[str]:
        from runthrough.core.views.nodes import flat_values  # noqa: PLC0415 - heavy

        node = session.node_named(_typed_node(ctx))
        return flat_values(session.state.nodes[node], session.state.connections.get(node, {}))

    return _offered(ctx, incomplete, offer)


def sessions(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names of sessions that are not archived, and `@last`."""
    names: list[str] = []
    with _application(ctx) as application:
        if application is not None:
            known = application.sessions.entries()
            names = [one.name for one in known if not one.archived]
    return _fitting(["@last", *names], incomplete)


def event_types(incomplete: str) -> list[str]:
    """Types of events."""
    from runthrough.core.views.history import event_types as types  # noqa: PLC0415 - heavy

    return _fitting(types(), incomplete)


def limits(incomplete: str) -> list[str]:
    """`NAME=` of limits."""
    return _fitting(("memory=", "cpu_s=", "open_files="), incomplete)


# ---- how it is found


def _all_outputs(session: "Session") -> Iterator[str]:
    for node, there in session.state.nodes.items():
        named = [need.name for need in session.particulars.needs(node).of("output")]
        for output in dict.fromkeys((*named, *there.external_outputs)):
            yield f"{node}.{output}"


def _typed_node(ctx: typer.Context) -> str:
    """The node that stands before the option; behind an option without its value it is left."""
    typed = ctx.params.get("node")
    return str(typed) if typed else next(one for one in ctx.args if not one.startswith("-"))


def _named(ctx: typer.Context, incomplete: str, kind: "RequirementKind") -> list[str]:
    def offer(session: "Session") -> Iterator[str]:
        node = session.node_named(_typed_node(ctx))
        for need in session.particulars.needs(node).of(kind):
            yield f"{need.name}="
            yield from (f"{need.name}={choice}" for choice in need.choices)

    found = _offered(ctx, incomplete, offer)
    # Choices are offered once their name is typed.
    return [one for one in found if one.endswith("=") != ("=" in incomplete)]


def _offered(
    ctx: typer.Context, incomplete: str, offer: Callable[["Session"], Iterable[str]]
) -> list[str]:
    """What a session offers; nothing where there is none."""
    with _application(ctx) as application:
        if application is None:
            return []
        asked = application.settings.session
        sessions_ = application.sessions
        session = sessions_.open(asked) if asked else sessions_.default()
        return _fitting(offer(session), incomplete)


def _fitting(offered: Iterable[str], incomplete: str) -> list[str]:
    """What begins as was typed, and can be typed."""
    return [one for one in dict.fromkeys(map(str, offered)) if one.startswith(incomplete)]


@contextmanager
def _application(ctx: typer.Context) -> Iterator["Application | None"]:
    """The application over a database that is there and of today's schema; it makes nothing."""
    from runthrough.bootstrap import current_schema, wire  # noqa: PLC0415 - heavy
    from runthrough.settings import known_host, load_settings  # noqa: PLC0415 - as above

    names = {"session": "session", "database": "database_url", "actor": "actor"}
    flags = {name: ctx.params.get(option) for option, name in names.items()}
    here = Path.cwd()
    settings = load_settings(here, os.environ, flags)
    found, wanted = current_schema(settings.database_url)
    if known_host(settings) is None or found != wanted:
        yield None
        return
    with wire(
        "cli", cwd=str(here), environ=os.environ, flags=flags, absent="refuse"
    ) as application:
        yield application


# ---- how a shell comes to ask

_BASH = """\
_runthrough_completion() {
    local line="${COMP_LINE:0:COMP_POINT}" offered quote="" place sign ended="'\\\\''"
    local word="${line##*[[:space:]]}"
    # Bash splits words at = and :, and replaces only the last part, which it hands over.
    local kept="${word%"$2"}"
    kept="${kept//[\\"\\']/}"
    # Inside of quotes only what would end them, or mean something there, is escaped.
    for ((place = 0; place < ${#line}; place++)); do
        case "$quote${line:place:1}" in
            \\\\ | \\"\\\\) ((place++)) ;;
            [\\"\\']) quote="${line:place:1}" ;;
            \\"\\" | \\'\\') quote="" ;;
        esac
    done
    COMPREPLY=()
    while IFS= read -r offered; do
        offered="${offered%%$'\\t'*}"
        [[ -n $offered ]] || continue
        offered="${offered#"$kept"}"
        case "$quote" in
            \\') offered=${offered//\\'/$ended} ;;
            \\") for sign in \\\\ \\" \\$ \\`; do offered=${offered//"$sign"/\\\\$sign}; done ;;
            *) printf -v offered '%q' "$offered" ;;
        esac
        COMPREPLY+=("$offered")
    done < <(env _TYPER_COMPLETE_ARGS="$line" _TYPER_COMPLETE_FISH_ACTION=get-args \\
        _RUNTHROUGH_COMPLETE=complete_fish "$1" 2>/dev/null)
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=:] ]]; then
        compopt -o nospace
    fi
}
complete -o default -F _runthrough_completion runthrough
"""


def script(shell: str) -> str:
    """The completion script of a shell.

    Bash has our own, since typer's loses what stands before `=` and `:` of a word.
    """
    if shell == "bash":
        return _BASH
    from typer import completion  # noqa: PLC0415 - only this command

    written: str = completion.get_completion_script(  # type: ignore[attr-defined]  # as above
        prog_name="runthrough", complete_var=ASKED, shell=shell
    )
    return f"{written.strip()}\n"
