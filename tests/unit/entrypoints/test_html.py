"""A run as one HTML page, read back as a browser reads it."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.told_runs import (
    begun,
    executed,
    failed_run,
    log_of,
    node_of,
    partial_run,
    passed_run,
    reused_run,
    run_started,
    started,
    view_of,
)

from runthrough.core.values.outcomes import ScriptError
from runthrough.entrypoints.reports.html import LOGS_LIMIT, html_page

VOID = {"meta"}


class Page(HTMLParser):
    """Tags, attributes and text of a page; every tag must be closed in its turn."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.text, self.open = [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] not in (["style"], ["title"]):
            self.text.append(data)

    @property
    def words(self):
        return " ".join("".join(f"{part} " for part in self.text).split())


def test_the_page_loads_nothing_and_runs_nothing():
    """No script, no link to a file, no address of another place; the policy forbids them too."""
    page = Page(html_page(view_of(failed_run())))
    assert not {"script", "link", "img", "iframe", "object"} & {*page.tags}
    for name, value in page.attributes:
        assert not name.startswith("on")
        assert name not in {"src", "href"} or value.startswith("#")
    policy = next(value for _, value in page.attributes if "default-src" in (value or ""))
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"
    assert "url(" not in html_page(view_of(failed_run()))
    assert "@import" not in html_page(view_of(failed_run()))


def test_failures_come_first():
    """Above the picture: why, hints, frames, exit code, what it blocked, and both logs."""
    told = Page(html_page(view_of(failed_run()), lambda path: path.removeprefix("/repo/"))).words
    assert told.index("Failures") < told.index("Data flow") < told.index("Pipeline")
    for part in (
        "IndexError: list index out of range",
        "→ clean_orders has 2 rows",
        "scripts/total.py:9 in main",
        "> 9 spend([1, 2])",
        "exit code 1 · blocked: report",
        "1 frame in libraries /usr/lib/python3.11/json/decoder.py:1 in decode",
        "total says hello",
        "clean_orders is JSON, and a .csv is read",
        "→ look at clean",
    ):
        assert part in told
    assert told.index("total.py:9") < told.index("decoder.py")
    assert "decoder.py" not in told[told.index("total says hello") :]


def test_nodes_show_configuration_evidence_and_outputs():
    """Each value stands with where it is from; of a secret only the name."""
    told = Page(html_page(view_of(failed_run()))).words
    assert "env.PACE pipeline fast" in told
    assert "env.TOKEN secret NAME" in told
    assert "clean_orders session:c.csv" in told


def test_the_picture_and_the_timeline_have_every_node_of_the_run():
    """The DAG shows marks and words, the timeline a bar for each node that ran."""
    page = Page(html_page(view_of(failed_run())))
    assert page.tags.count("svg") == 1
    for word in ("✓ passed 1.25 s", "✗ failed 1.25 s", "⊘ blocked", "↗ external"):
        assert word in page.words
    bars = [value for name, value in page.attributes if name == "class" and "bar " in value]
    assert bars == ["bar good", "bar bad"]
    styles = [value for name, value in page.attributes if name == "style" and "left" in value]
    assert styles[0] == "left:19.05%;width:max(23.81%,3px)"


def test_one_page_tells_one_time_of_a_node():
    """Picture, timeline and node have the attempt's own seconds, by one rounding."""
    view = view_of(failed_run())
    node_of(view, "clean")["duration_s"] = 0.374
    told = Page(html_page(view)).words
    assert told.count("0.37 s") == 3
    assert "0.4 s" not in told


def test_several_failures_are_listed_with_links_to_each():
    """One line above the boxes leads to them; a single failure needs none."""
    events = [*begun(), run_started(), executed("clean", "failed"), executed("total", "failed")]
    text = html_page(view_of(events))
    page = Page(text)
    assert "2 failures: clean · total clean ✗ failed" in page.words
    targets = {value for name, value in page.attributes if name == "id"}
    links = {value.removeprefix("#") for name, value in page.attributes if name == "href"}
    assert {"failure-1", "failure-2"} <= links <= targets
    assert text.index('href="#failure-2"') < text.index('id="failure-1"')
    assert "failures: " not in Page(html_page(view_of(failed_run()))).words


def test_a_run_of_a_part_names_what_failed_outside():
    """Badge, title and a line of their own say it before anything else."""
    text = html_page(view_of(partial_run()))
    told = Page(text).words
    assert told.startswith("churn ✓ passed, 1 of 4 nodes selected ")
    assert "<title>churn: passed, 1 of 4 nodes selected</title>" in text
    assert told.index("✗ outside this run, still failed: total") < told.index("Pipeline")


def test_a_reused_node_says_since_when():
    """What served from an earlier run is told with the time it passed, and as no time of this."""
    told = Page(html_page(view_of(reused_run()))).words
    assert re.search(r"= reused unchanged since 2026-11-22 \S+ UTC, when it took 1\.25 s", told)


def test_a_run_that_passed_has_no_failures():
    """Sections of what is wrong are left out where nothing is."""
    page = Page(html_page(view_of(passed_run())))
    assert "Failures" not in page.words
    assert "article" not in page.tags


def test_a_run_that_is_on_has_bars_that_are_not_over():
    """A node that still runs has a bar to the present end of the run."""
    events = [*begun(), run_started(), started("clean"), executed("clean"), started("total")]
    assert "▶ running" in Page(html_page(view_of(events))).words


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "</pre></body><script>alert(1)</script>",
        "<!-- ",
        "<![CDATA[",
        '" onmouseover="alert(1)',
        "</style><script>alert(1)</script>",
        "</title><script>alert(1)</script>",
    ],
)
def test_markup_in_any_place_is_inert(text):
    """A log, an error, a file, a node's name: what looks like markup is only shown."""
    error = ScriptError(kind="exception", type=text, message=text, hints=(text,))
    view = view_of(failed_run(error, log=log_of("total", text, text)))
    plain = Page(html_page(view_of(failed_run(ScriptError(kind="exit", message="x"))))).tags
    view["pipeline"] = view["session"]["name"] = view["run"]["actor"] = text
    node_of(view, "clean")["values"]["env.X"] = text
    view["connections"][0]["reason"] = text
    page = Page(html_page(view))
    assert "script" not in page.tags
    assert {*page.tags} <= {*plain, "p", "details", "summary", "pre"}
    assert not any(name.startswith("on") for name, _ in page.attributes)
    assert text in "".join(page.text)


@given(text=st.text(st.characters(exclude_categories=()), min_size=1))
def test_any_log_gives_a_page_that_can_be_written(text):
    """Control signs and lone surrogates go; the page is UTF-8, and its tags are in order."""
    page = html_page(view_of(failed_run(log=log_of("total", text, text))))
    Page(page.encode().decode())


def test_the_same_run_gives_the_same_page():
    """A report holds no time of its own making, and no chance."""
    assert html_page(view_of(failed_run())) == html_page(view_of(failed_run()))


def test_logs_have_a_limit_and_failures_are_served_first():
    """Beyond a mebibyte of log ends the others say that they are left out."""
    view = view_of(failed_run(log=log_of("total", "T" * (LOGS_LIMIT - 10))))
    text = html_page(view)
    assert text.count("T" * (LOGS_LIMIT - 10)) == 1
    assert "Left out, since this page is full of logs." in text
    assert len(text) < 2 * LOGS_LIMIT


def test_a_large_pipeline_is_folded_into_one_picture():
    """Instead of a thousand boxes there are groups, and every node is listed below."""
    view = view_of(passed_run())
    node = node_of(view, "aside")
    view["nodes"] = [{**node, "node": f"n{place}"} for place in range(1000)]
    view["connections"] = view["edges"] = []
    page = Page(html_page(view))
    assert "n0 … n999" in page.words
    assert page.tags.count("svg") == 1
    assert page.tags.count("rect") < 100
    assert all(f"n{place}" in page.words for place in (1, 500, 998))


def test_no_bar_lies_beyond_the_end():
    """Of a run that is on, what started last is the end so far."""
    events = [*begun(), run_started(), started("clean"), executed("clean"), started("total")]
    view = view_of(events)
    node_of(view, "total")["start_s"] = 2 * node_of(view, "clean")["end_s"]
    places = re.findall(r"left:([\d.]+)%", html_page(view))
    assert [float(place) <= 100 for place in places] == [True, True]


def test_a_cut_log_says_how_long_it_was():
    """Where only the end was kept, the whole size is told."""
    log = log_of("total", "end").model_copy(update={"stdout_bytes": 123456})
    assert (
        "standard output, the end of 123,456 bytes"
        in Page(html_page(view_of(failed_run(log=log)))).words
    )
