"""A run told to others: `report`, for people, CI systems and pull requests."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runthrough.entrypoints.cli.visit import Visit, visiting
from runthrough.entrypoints.cli.words import near
from runthrough.errors import ReportFileError

if TYPE_CHECKING:
    from runthrough.core.views.nodes import View


@visiting()
def report(
    visit: Visit,
    *,
    html: Annotated[
        bool, typer.Option("--html", help="One page for people, in one file.")
    ] = False,
    junit: Annotated[bool, typer.Option("--junit", help="JUnit XML for CI systems.")] = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Markdown for a job's summary; the default.")
    ] = False,
    github: Annotated[
        bool, typer.Option("--github", help="Annotations for a GitHub workflow.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write it there, over what is there."),
    ] = None,
) -> None:
    """Tell the last run to others: a page, JUnit XML, Markdown, or annotations."""
    chosen = {"--html": html, "--junit": junit, "--markdown": markdown, "--github": github}
    asked = [name for name, given in chosen.items() if given]
    if len(asked) > 1:
        raise typer.BadParameter(f"one format at a time, not {' and '.join(asked)}")
    with visit.opened() as (_, session):
        view = session.report()
    if output is not None:
        _write(output, _drawn(asked[0] if asked else "--markdown", view))
    visit.screen.result(view)
    if output is not None:
        visit.screen.typed("wrote ", near(str(output.absolute())))
    elif not visit.screen.as_json:
        visit.screen.lines((_drawn(asked[0] if asked else "--markdown", view),))


def _drawn(form: str, view: "View") -> str:
    from runthrough.entrypoints.reports.annotations import annotations  # noqa: PLC0415 - heavy
    from runthrough.entrypoints.reports.html import html_page  # noqa: PLC0415 - as above
    from runthrough.entrypoints.reports.junit import junit_xml  # noqa: PLC0415 - as above
    from runthrough.entrypoints.reports.markdown import markdown  # noqa: PLC0415 - as above

    formats: dict[str, Callable[[View, Callable[[str], str]], str]] = {
        "--html": html_page,
        "--junit": junit_xml,
        "--markdown": markdown,
        "--github": annotations,
    }
    return formats[form](view, _in_repository)


def _in_repository(path: str) -> str:
    """A path as the reader's repository has it: below GitHub's checkout, else below here."""
    checkout = os.environ.get("GITHUB_WORKSPACE")
    if checkout and Path(path).is_relative_to(checkout):
        return str(Path(path).relative_to(checkout))
    return near(path)


def _write(path: Path, text: str) -> None:
    """Put a whole file in the place of the old one, or leave the old one as it is.

    Raises:
        ReportFileError: It cannot be written there.
    """
    try:
        if path.exists() and not path.is_file():
            path.write_text(text, encoding="utf-8")  # such as /dev/stdout: not to be replaced
            return
        _replace(path.resolve(), text)
    except FileNotFoundError as exc:
        raise ReportFileError(str(path), "its folder is not there", _FOLDER) from exc
    except OSError as exc:
        raise ReportFileError(str(path), str(exc.strerror), "choose another place") from exc


_FOLDER = "make the folder, or choose another one"


def _replace(path: Path, text: str) -> None:
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with part.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
        if path.exists():
            shutil.copymode(path, part)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


COMMANDS = (report,)
