"""A run as one HTML file: nothing is loaded, no script runs, all text is inert."""

from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from runthrough.entrypoints.drawing import look, palette, picture
from runthrough.entrypoints.reports import words
from runthrough.entrypoints.reports.style import STYLE
from runthrough.entrypoints.reports.words import Near, Told

LOGS_LIMIT = 1024 * 1024
"""Signs of all log ends together; failures are served first."""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""Even if a text came to be taken for markup, the browser would run and load nothing."""


def html_page(view: Told, near: Near = str) -> str:
    """One page: how it ended, failures first, the DAG, a timeline, each node, each connection.

    The same view always gives the same page.
    """
    return _Page(view, near).drawn()


class _Page:
    """One page in the making; elements are built, so that whatever is told is escaped."""

    def __init__(self, view: Told, near: Near) -> None:
        self._view = view
        self._near = near
        self._left = LOGS_LIMIT
        self._anchors = {
            node["node"]: f"node-{place}" for place, node in enumerate(view["nodes"], 1)
        }

    def drawn(self) -> str:
        root = ET.Element("html", lang="en")
        self._draw_head(root)
        body = _add(root, "body")
        self._draw_title(_add(body, "header"))
        main = _add(body, "main")
        self._draw_failures(main)
        self._draw_issues(main)
        self._draw_dag(main)
        self._draw_timeline(main)
        self._draw_nodes(main)
        self._draw_connections(main)
        self._draw_foot(_add(body, "footer"))
        return "<!DOCTYPE html>\n" + ET.tostring(root, encoding="unicode", method="html") + "\n"

    def _draw_head(self, root: ET.Element) -> None:
        head = _add(root, "head")
        _add(head, "meta", charset="utf-8")
        _add(head, "meta", **{"http-equiv": "Content-Security-Policy", "content": _POLICY})
        _add(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
        _add(head, "meta", name="color-scheme", content="light dark")
        _add(head, "title", f"{self._view['pipeline']}: {words.verdict(self._view)}")
        # ElementTree writes the text of a style as it is, and this one is ours alone.
        ET.SubElement(head, "style").text = palette(":root") + STYLE

    def _draw_title(self, header: ET.Element) -> None:
        run, session = self._view["run"], self._view["session"]
        title = _add(header, "h1", self._view["pipeline"])
        _badge(title, run["status"], words.verdict(self._view))
        line = _add(header, "p", words.counted(self._view), kind="counts")
        took = words.seconds(run["duration_s"])
        _add(line, "span", f" · {took}" if took else "")
        outside = words.failed_outside(self._view)
        if outside:
            _add(header, "p", f"✗ {outside}", kind="outside")
        by = f" · cancelled by {run['cancelled_by']}" if run["cancelled_by"] else ""
        told = f"session {session['name']} · run by {run['actor']} on {run['host']}{by} · "
        where = _add(header, "p", told, kind="soft")
        _add(where, "time", words.moment(run["started_at"]), datetime=run["started_at"])

    def _draw_failures(self, main: ET.Element) -> None:
        failed = words.failures(self._view)
        if not failed:
            return
        section = _section(main, "Failures", "root causes first, then what each blocked")
        places = {node["node"]: f"failure-{place}" for place, node in enumerate(failed, 1)}
        if len(failed) > 1:
            self._draw_list(_add(section, "p", kind="listed"), places)
        for node in failed:
            self._draw_failure(
                _add(section, "article", kind="failure", id=places[node["node"]]), node
            )

    def _draw_list(self, line: ET.Element, places: Mapping[str, str]) -> None:
        """One line that leads to each failure."""
        line.text = f"{len(places)} failures: "
        for node, place in places.items():
            link = _add(line, "a", node, href=f"#{place}")
            link.tail = " · "
        line[-1].tail = None

    def _draw_failure(self, article: ET.Element, node: Told) -> None:
        title = _add(article, "h3")
        _add(title, "a", node["node"], href=f"#{self._anchors[node['node']]}")
        _badge(title, node["outcome"])
        error = node["error"]
        kind = f"{error['type']}: " if error and error["type"] else ""
        _add(
            article,
            "p",
            f"{kind}{error['message']}" if error else words.headline(node),
            kind="why",
        )
        for hint in error["hints"] if error else ():
            _add(article, "p", f"→ {hint}", kind="hint")
        for frame in words.own_frames(error) if error else ():
            self._draw_frame(article, frame)
        hidden = words.library_frames(error) if error else ()
        if hidden:
            fold = _add(article, "details", kind="log")
            _add(fold, "summary", words.folded(hidden))
            for frame in hidden:
                self._draw_frame(fold, frame)
        facts = [words.ending(node)]
        blocked = words.blocked_below(self._view, node["node"])
        facts += [f"blocked: {', '.join(blocked)}"] if blocked else []
        if any(facts):
            _add(article, "p", " · ".join(filter(None, facts)), kind="soft")
        self._draw_logs(article, node)

    def _draw_frame(self, article: ET.Element, frame: Told) -> None:
        where = f"{self._near(frame['file'])}:{frame['line']} in {frame['function']}"
        box = _add(article, "div", kind="frame")
        _add(box, "div", where, kind="where")
        source = _add(box, "pre")
        for number, line in enumerate(frame["source"], max(1, frame["line"] - 1)):
            hit = number == frame["line"]
            row = _add(source, "span", kind="line hit" if hit else "line")
            _add(row, "i", f"{'>' if hit else ' '} {number:>4}  ")
            _add(row, "span", f"{line}\n")

    def _draw_logs(self, box: ET.Element, node: Told) -> None:
        for name, text, size in words.tails(node):
            told = _add(box, "details", kind="log")
            cut = f", the end of {size:,} bytes" if size > len(text.encode()) else ""
            _add(told, "summary", f"{name}{cut}")
            if len(text) > self._left:
                _add(told, "p", "Left out, since this page is full of logs.", kind="soft")
                continue
            self._left -= len(text)
            _add(told, "pre", text, kind="told")

    def _draw_issues(self, main: ET.Element) -> None:
        issues = [
            (wire, issue)
            for wire in self._view["connections"]
            for issue in (wire["check"]["issues"] if wire["check"] else ())
        ]
        if not issues:
            return
        section = _section(main, "Data flow", "what the run found between scripts")
        for wire, issue in issues:
            article = _add(section, "article", kind=f"issue {issue['severity']}")
            mark = "✗" if issue["severity"] == "error" else "!"
            _add(article, "h3", f"{mark} {words.edge_name(wire)}")
            _add(article, "p", issue["message"])
            _add(article, "p", f"→ {issue['fix']}", kind="hint")

    def _draw_dag(self, main: ET.Element) -> None:
        section = _section(main, "Pipeline")
        drawn = {words.readable(node["node"]): _drawn(node) for node in self._view["nodes"]}
        box = _add(section, "div", kind="scroll")
        dag = picture(drawn, _edges(self._view), title=words.readable(self._view["pipeline"]))
        # A small picture keeps its size, a large one shrinks as far as it can be read.
        least = round(float(dag.get("width", "0")) * 0.62)
        dag.set("style", f"min-width:{least}px")
        box.append(dag)

    def _draw_timeline(self, main: ET.Element) -> None:
        timed = [n for n in self._view["nodes"] if n["start_s"] is not None]
        seen = [node["start_s"] + (node["duration_s"] or 0.0) for node in timed]
        whole = max(self._view["run"]["duration_s"] or 0.0, *seen, 0.0)
        if not timed or not whole:
            return
        section = _section(main, "Timeline", f"{words.seconds(whole)} from start to end")
        chart = _add(section, "div", kind="timeline")
        for node in sorted(timed, key=lambda node: node["start_s"]):
            took = node["duration_s"]
            took = whole - node["start_s"] if took is None else took
            left, width = 100 * node["start_s"] / whole, 100 * took / whole
            mark, tone = look(node["outcome"])
            row = _add(chart, "div", kind="bar-row")
            _add(row, "span", node["node"], kind="bar-name", title=node["node"])
            track = _add(row, "span", kind="track")
            style = f"left:{left:.2f}%;width:max({width:.2f}%,3px)"
            told = f"from {words.seconds(node['start_s'])} of the run, for {words.seconds(took)}"
            _add(track, "span", kind=f"bar {tone}", style=style, title=told)
            _add(row, "span", f"{mark} {words.seconds(took)}", kind="bar-time")

    def _draw_nodes(self, main: ET.Element) -> None:
        section = _section(main, "Nodes", "open one for its configuration, outputs and logs")
        for node in self._view["nodes"]:
            told = _add(section, "details", kind="node", id=self._anchors[node["node"]])
            row = _add(told, "summary")
            _add(row, "span", node["node"], kind="name")
            _badge(row, node["outcome"])
            facts = [words.seconds(node["duration_s"]), words.aside(node)]
            _add(row, "span", " · ".join(filter(None, facts)), kind="soft")
            self._draw_node(_add(told, "div", kind="inside"), node)

    def _draw_node(self, box: ET.Element, node: Told) -> None:
        by = node["accepted_by"] if node["configured_by"] == "person" else node["configured_by"]
        facts = {
            "script": self._near(node["script_path"]) if node["script_path"] else "",
            "configured": f"by {by}" if by == node["accepted_by"] and by else by or "",
            "ran because": ", ".join(words.word(reason) for reason in node["reasons"]),
            "log": self._near(node["log"]["stderr"]) if node["log"] else "",
            "peak memory": _size(node["peak_rss_bytes"]) if node["peak_rss_bytes"] else "",
            "processor": words.seconds(node["cpu_s"]) if node["cpu_s"] else "",
        }
        _facts(box, {name: value for name, value in facts.items() if value})
        if node["values"]:
            evidence = {_dotted(one): one for one in node["evidence"]}
            rows = [
                (name, _source(evidence.get(name)), _value(value))
                for name, value in node["values"].items()
            ]
            _table(box, ("configuration", "from", "value"), rows)
        if node["outputs"]:
            outputs = [
                (one["name"], one["format"] or "", _size(one["size_bytes"]), one["path"])
                for one in node["outputs"]
            ]
            _table(box, ("output", "format", "size", "path"), outputs)
        self._draw_logs(box, node)

    def _draw_connections(self, main: ET.Element) -> None:
        wires = self._view["connections"]
        if not wires:
            return
        section = _section(main, "Connections", "what feeds what, and whether it fitted")
        rows = [
            (words.edge_name(wire), _verdict(wire), _content(wire), wire["status"], wire["reason"])
            for wire in wires
        ]
        _table(section, ("connection", "checked", "content", "status", "because"), rows)

    def _draw_foot(self, footer: ET.Element) -> None:
        run, session = self._view["run"], self._view["session"]
        told = {
            "session": f"{session['session_id']} at version {session['version']}",
            "run": run["run"],
            "runner": f"{run['runner']} · jobs {run['jobs']}",
        }
        _facts(footer, told)


def _add(
    parent: ET.Element, tag: str, text: str = "", *, kind: str = "", **attributes: str
) -> ET.Element:
    """A new last child; `kind` is its class."""
    if kind:
        attributes["class"] = kind
    safe = {name: words.readable(value) for name, value in attributes.items()}
    child = ET.SubElement(parent, tag, safe)
    child.text = words.readable(text)
    return child


def _section(main: ET.Element, title: str, told: str = "") -> ET.Element:
    section = _add(main, "section")
    head = _add(section, "h2", title)
    if told:
        _add(head, "small", f" {told}")
    return section


def _badge(parent: ET.Element, outcome: str, told: str = "") -> None:
    mark, tone = look(outcome)
    _add(parent, "span", f"{mark} {told or words.word(outcome)}", kind=f"badge {tone}")


def _facts(box: ET.Element, facts: Mapping[str, str]) -> None:
    if not facts:
        return
    listed = _add(box, "dl")
    for name, value in facts.items():
        _add(listed, "dt", name)
        _add(listed, "dd", value)


def _table(box: ET.Element, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = _add(_add(box, "div", kind="scroll"), "table")
    top = _add(_add(table, "thead"), "tr")
    for title in head:
        _add(top, "th", title, scope="col")
    body = _add(table, "tbody")
    for row in rows:
        line = _add(body, "tr")
        for cell in row:
            _add(line, "td", cell)


def _drawn(node: Told) -> dict[str, object]:
    return {
        "outcome": node["outcome"],
        "external": node["external"],
        "took": words.seconds(node["duration_s"]),
    }


def _edges(view: Told) -> list[dict[str, object]]:
    """Each edge once, with the connections along it."""
    notes: dict[tuple[str, str], list[str]] = {}
    wires: dict[tuple[str, str], list[tuple[str, str]]] = {}
    wrong: set[tuple[str, str]] = set()
    for wire in view["connections"]:
        ends = (wire["from_node"], wire["node"])
        notes.setdefault(ends, []).append(words.edge_name(wire))
        below = f"/{wire['subpath']}" if wire["subpath"] else ""
        fed = words.readable(f"{wire['output']}{below}"), words.readable(wire["input"])
        wires.setdefault(ends, []).append(fed)
        if not words.fits(wire):
            wrong.add(ends)
    return [
        {
            "from_node": words.readable(source),
            "node": words.readable(target),
            "wires": wires.get((source, target), ()),
            "note": words.readable("\n".join(notes.get((source, target), []))),
            "fits": (source, target) not in wrong,
        }
        for source, target in view["edges"]
    ]


_DOTTED = {"input": "input", "environ_var": "env", "job_arg": "arg"}


def _dotted(evidence: Told) -> str:
    return f"{_DOTTED[evidence['kind']]}.{evidence['name']}"


def _source(evidence: Told | None) -> str:
    if evidence is None:
        return ""
    size = f", {_size(evidence['size_bytes'])}" if evidence.get("size_bytes") else ""
    return f"{evidence['source']}{size}"


def _value(value: Any) -> str:
    """A configured value; of a secret its name."""
    if isinstance(value, dict) and set(value) == {"secret"}:
        return f"secret {value['secret']}"
    return value if isinstance(value, str) else str(value)


def _verdict(wire: Told) -> str:
    check = wire["check"]
    if check is None:
        return ""
    if not check["compatible"]:
        return "✗ does not fit"
    if check["unchecked"]:
        return f"· not checked: {check['unchecked']}"
    return "! fits, with warnings" if check["issues"] else "✓ fits"


def _content(wire: Told) -> str:
    check = wire["check"]
    if check is None:
        return ""
    rows = f"{check['rows']:,} rows" if check["rows"] is not None else ""
    columns = f"{len(check['columns'])} columns" if check["columns"] is not None else ""
    return ", ".join(filter(None, (check["format_written"] or "", rows, columns)))


def _size(size: int | None) -> str:
    """`12 bytes`, `3.4 MB`."""
    if size is None:
        return ""
    value, unit = float(size), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1000:  # noqa: PLR2004 - SI prefixes go by thousands
            break
        value, unit = value / 1000, larger
    return f"{size} bytes" if unit == "bytes" else f"{value:.1f} {unit}"
