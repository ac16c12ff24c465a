"""Serving sessions to browsers and programs."""

import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runthrough.entrypoints.cli.screen import writing_to
from runthrough.entrypoints.cli.visit import Visit, visiting
from runthrough.errors import ServingRefusedError

if TYPE_CHECKING:
    from runthrough.entrypoints.http.serving import Opened

PORT = 8642
GRACE_S = 30.0


@visiting(session=False, go_on="runthrough serve")
def serve(  # noqa: PLR0917 - the parameters are the command's options
    visit: Visit,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Where to listen.")
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option(
            "--port",
            metavar="N",
            min=0,
            max=65535,
            help="Where to listen there; 0: any that is free.",
        ),
    ] = PORT,
    root: Annotated[
        list[str] | None,
        typer.Option(
            "--root", metavar="DIR", help="Nothing outside of these is touched; default: here."
        ),
    ] = None,
    public_url: Annotated[
        str | None,
        typer.Option("--public-url", metavar="URL", help="The address that browsers use."),
    ] = None,
    tls_cert: Annotated[
        str | None,
        typer.Option("--tls-cert", metavar="FILE", help="Certificate, with its chain, as PEM."),
    ] = None,
    tls_key: Annotated[
        str | None,
        typer.Option("--tls-key", metavar="FILE", help="The certificate's key, as PEM."),
    ] = None,
    behind_proxy: Annotated[
        bool,
        typer.Option("--behind-proxy", help="A proxy of this machine ends TLS in front of it."),
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option("-j", "--jobs", metavar="N", min=1, help="Scripts of one run at a time."),
    ] = None,
    grace: Annotated[
        float,
        typer.Option(
            "--grace", metavar="S", min=0, max=86_400, help="What scripts get when it is stopped."
        ),
    ] = GRACE_S,
    no_link: Annotated[
        bool, typer.Option("--no-link", help="Print no link that signs in once.")
    ] = False,
) -> None:
    """Let a team work on its sessions in browsers and over HTTP."""
    _refuse_words(root or (), grace)
    _require_extra()
    from runthrough.bootstrap import wire  # noqa: PLC0415 - heavy, so inside commands
    from runthrough.entrypoints.http.serving import (  # noqa: PLC0415 - as above
        LastResort,
        ServingWish,
        checked_public_url,
        serve,
    )

    flags = visit.flags() | ({} if jobs is None else {"jobs": jobs})
    roots, last = root or ["."], LastResort()
    with wire(
        "http", cwd=str(Path.cwd()), environ=os.environ, flags=flags, confined_to=roots
    ) as application:
        wish = ServingWish(
            host=host,
            port=port,
            public_url=None if public_url is None else checked_public_url(public_url),
            tls_cert=tls_cert,
            tls_key=tls_key,
            behind_proxy=behind_proxy,
            jobs=application.settings.jobs,
            grace_s=grace,
            link=not no_link,
        )
        serve(
            application,
            wish,
            lambda opened: _tell(visit, opened, application.place),
            last=last,
        )
    last.returned()


def _refuse_words(roots: Sequence[str], grace_s: float) -> None:
    """Refuse what the parser of commands takes and means nothing.

    Raises:
        typer.BadParameter: A folder has no name, or the grace is no number.
    """
    if "" in roots:  # it would be the current folder
        raise typer.BadParameter("it is empty", param_hint="'--root'")
    if math.isnan(grace_s):
        raise typer.BadParameter("nan is no number of seconds", param_hint="'--grace'")


def _require_extra() -> None:
    """Refuse where the extra `server` is not installed.

    Raises:
        ServingRefusedError: A package of it is missing.
    """
    from importlib.util import find_spec  # noqa: PLC0415 - inside commands

    needed = ("fastapi", "uvicorn", "jinja2", "limits", "prometheus_client", "python_multipart")
    missing = [name for name in needed if find_spec(name) is None]
    if missing:
        raise ServingRefusedError(
            f"The service needs {', '.join(missing)}, which is not installed here.",
            fix="install runthrough with its extra `server`: pip install 'runthrough[server]'",
        )


def _tell(visit: Visit, opened: "Opened", place: str) -> None:
    screen = visit.screen
    screen.result({"url": opened.url, "listens": opened.listens, "link": opened.link})
    screen.line(("✓ ", "green"), f"serving {place} at {opened.url}")
    if opened.listens != opened.url:
        screen.line(f"It listens at {opened.listens}.")
    if opened.link is not None:
        screen.line("Sign in with this link, once, within 10 minutes:")
        screen.typed("  ", opened.link)
    screen.line(("Ctrl-C stops it.", "dim"))
    with writing_to(sys.stdout):  # whoever waits for the address reads a pipe
        sys.stdout.flush()


COMMANDS = (serve,)
