"""A run's failures as GitHub's workflow commands, which mark the lines of a pull request."""

from collections.abc import Iterator, Sequence

from runthrough.entrypoints.reports import words
from runthrough.entrypoints.reports.words import Near, Told


def annotations(view: Told, near: Near = str) -> str:
    """A line each: root causes, then connections that do not fit, then what is only doubtful.

    A run of a part of the pipeline says so, with what failed before outside of it. GitHub shows
    the first ten errors and the first ten warnings of a step.
    """
    told = [*_failed(view, near), *_flows(view, "error"), *_part(view), *_flows(view, "warning")]
    return "".join(f"{line}\n" for line in told)


def _failed(view: Told, near: Near) -> Iterator[str]:
    for node in words.failures(view):
        error = node["error"]
        place = _place(words.own_frames(error) if error else (), near)
        file = place["file"] if place else node["script_path"]
        blocked = words.blocked_below(view, node["node"])
        lines = [
            words.reason(node),
            *(error["hints"] if error else ()),
            words.ending(node),
            f"blocked: {', '.join(blocked)}" if blocked else "",
        ]
        yield _command(
            "error",
            "\n".join(filter(None, lines)),
            file=near(file) if file else None,
            line=place["line"] if place else None,
            title=f"{node['node']} {words.word(node['outcome'])}",
        )


def _part(view: Told) -> Iterator[str]:
    if not words.partial(view):
        return
    outside = words.failed_outside(view)
    yield _command(
        "warning" if outside else "notice",
        outside or words.counted(view),
        title=f"{view['pipeline']}: {words.verdict(view)}",
    )


def _place(frames: Sequence[Told], near: Near) -> Told | None:
    """The innermost frame in the repository: a pull request shows no lines of libraries."""
    inside = [frame for frame in frames if not near(frame["file"]).startswith("/")]
    return inside[-1] if inside else None


def _flows(view: Told, severity: str) -> Iterator[str]:
    for wire in view["connections"]:
        for issue in wire["check"]["issues"] if wire["check"] else ():
            if issue["severity"] == severity:
                yield _command(severity, issue["message"], title=words.edge_name(wire))


def _command(kind: str, told: str, **properties: str | int | None) -> str:
    """A workflow command, escaped as GitHub's runner reads it."""
    given = ",".join(
        f"{name}={_property(str(value))}" for name, value in properties.items() if value
    )
    return f"::{kind} {given}::{_data(told)}"


def _data(text: str) -> str:
    text = words.readable(text)
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
