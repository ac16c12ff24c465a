"""A session's whole history on the page, and what it is narrowed by."""

from urllib.parse import urlencode

import pytest
from tests.support.at_report import ALERT, S, answered
from tests.support.browsing import filled

from runthrough.application.answers import Answers
from runthrough.bootstrap import load_pipeline
from runthrough.core.views.history import event_types
from runthrough.core.views.occurring import Occurring
from runthrough.entrypoints.http.gathered import Gathered
from runthrough.entrypoints.http.pages import history

pytestmark = pytest.mark.slow


def test_the_history_tells_all_events_page_by_page_the_newest_first(counter, tim, monkeypatch):
    """Every version once, with what changed, old → new, as the interface for programs has it."""
    monkeypatch.setattr(history, "PAGE_SIZE", 5)
    answered(tim, 3)
    rows = list(reversed(counter.application.sessions.open("demo").history()))
    found, address = [], f"{S}/history"
    while address:
        page = tim.get(address)
        items = page.all(".//ol[@reversed]/li")
        assert 1 <= len(items) <= 5
        found += items
        older = [one.get("href") for one in page.all(".//a[@rel='next']")]
        address = older[0] if older else None
    assert [one.get("id") for one in found] == [f"v{row.version}" for row in rows]
    for item, row in zip(found, rows, strict=True):
        told = " ".join("".join(item.itertext()).split())
        assert row.sentence in told
        assert row.actor in told
    assert "arg.top not set → 3" in " ".join("".join(found[0].itertext()).split())


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("node=report", {"node": "report"}),
        ("actor=tim", {"actor": "tim"}),
        ("type=NodeDiscovered", {"type": "NodeDiscovered"}),
        ("type=RunStarted", {"type": "RunStarted"}),
        ("since=10", {"since": 10}),
        (
            "node=report&type=ScriptConfigured&actor=tim&since=3",
            {"node": "report", "type": "ScriptConfigured", "actor": "tim", "since": 3},
        ),
    ],
)
def test_the_history_is_narrowed(counter, tim, query, wanted):
    """By node, person, kind and begin, each as `history` of a session narrows it."""
    answered(tim, 3)
    page = tim.get(f"{S}/history?{query}")
    rows = counter.application.sessions.open("demo").history(**wanted)
    assert [one.get("id") for one in page.all(".//ol[@reversed]/li")] == [
        f"v{row.version}" for row in reversed(rows)
    ]
    assert page.has(".//*[@class='card empty']") == (not rows)
    for name in ("node", "actor", "type", "since"):
        assert filled(page.form("/history"))[name] == str(wanted.get(name, ""))


def choices(page, name):
    """The values of a list to choose from, each with its words."""
    return {one.get("value"): one.text for one in page.field(name).iter("option")}


def test_the_form_offers_what_occurs_and_its_answer_is_an_address_to_share(counter, tim, vera):
    """Nodes in the order of the pipeline, who did something, and kinds in words."""
    answered(tim, 3)
    page = tim.get(f"{S}/history")
    session = counter.application.sessions.open("demo")
    assert list(choices(page, "node")) == ["", *session.state.nodes]
    assert list(choices(page, "actor")) == ["", "ann", "tim"]
    kinds = choices(page, "type")
    assert set(kinds) == {"", *(row.type for row in session.history())}
    assert kinds["ScriptConfigured"] == "node configured"
    assert set(filled(page.form("/history")).values()) == {""}
    asked = {**filled(page.form("/history")), "actor": "tim", "type": "ScriptConfigured"}
    address = f"{page.form('/history').get('action')}?{urlencode(asked)}"
    (only,) = vera.get(address).all(".//ol[@reversed]/li")
    assert "configured report" in "".join(only.itertext())


def test_no_kind_of_event_is_called_by_the_name_of_its_type(counter, tim):
    """Neither in the form nor in what it found; programs call it so in the address."""
    answered(tim, 3)
    page = tim.get(f"{S}/history")
    assert not [kind for kind in event_types() if kind in page.told(".//main")]


def test_what_happened_meanwhile_is_offered_as_well(counter, tim):
    """Also where the service looked at all of it before."""
    assert "NoteAdded" not in choices(tim.get(f"{S}/history"), "type")
    counter.desk.enter("bob").note("meanwhile")
    page = tim.get(f"{S}/history")
    assert choices(page, "type")["NoteAdded"] == "note"
    assert "bob" in choices(page, "actor")


def test_what_occurs_is_read_once_and_of_few_sessions(counter):
    """Only what came since is read; the session that was not looked at longest is read anew."""
    gathered = Gathered(sessions_at_most=1)
    first, other = counter.session, counter.begin(name="other")
    before = gathered.of(first)
    assert (before.upto, before.actors) == (first.version, {"ann"})
    first.note("later")
    assert gathered.of(first) == before.followed_by(first.events()[-1:])
    assert gathered.of(other).upto == other.version
    assert gathered.of(first) == first.occurring()
    assert first.occurring(before).upto == first.version
    known = Occurring(first.version, frozenset({"somebody"}))
    assert first.occurring(known) == known


def test_the_names_of_too_many_nodes_are_typed(tim, monkeypatch):
    """A list of thousands is none to choose from."""
    monkeypatch.setattr(history, "CHOSEN_FROM", 2)
    page = tim.get(f"{S}/history?node=report")
    assert (page.field("node").tag, page.field("node").get("value")) == ("input", "report")


def test_what_a_node_was_called_before_is_followed_back(counter, tim, monkeypatch):
    """Page by page, also where one ends at the rename; the form keeps the name that was typed."""
    monkeypatch.setattr(history, "PAGE_SIZE", 1)
    answered(tim, 3)
    desk = counter.desk
    text = (desk.folder / "pipeline.yaml").read_text()
    renamed = desk.shell.file("renamed.yaml", text.replace("report", "summary"))
    desk.script("summary", (desk.folder / "scripts/report.py").read_text())
    session = counter.application.sessions.open("demo")
    session.update(load_pipeline(renamed), renamed={"report": "summary"})
    rows = list(reversed(session.history("summary")))
    assert rows[0].type == "PipelineChanged"
    assert rows[-1].sentence.startswith("report: found")
    told, address = [], f"{S}/history?node=summary"
    while address:
        page = tim.get(address)
        told += [one.get("id") for one in page.all(".//ol[@reversed]/li")]
        older = page.root.find(".//a[@rel='next']")
        address = None if older is None else older.get("href")
        assert filled(page.form("/history"))["node"] == "summary"
    assert told == [f"v{row.version}" for row in rows]
    old = tim.get(f"{S}/history?node=report&type=NodeDiscovered")
    (left,) = old.all(".//optgroup")
    assert [one.get("value") for one in left] == ["report"]
    assert filled(old.form("/history"))["node"] == "report"
    assert "report: found" in old.told(".//ol[@reversed]")


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("type=ScriptConfigurd", "called 'ScriptConfigurd'; did you mean 'node configured'"),
        ("type=Nonsense", "There is no kind of event called 'Nonsense'."),
        ("actor=timm", "Nobody called 'timm' has done anything in this session"),
        ("since=whenever", "neither a version nor a time"),
        ("node=nobody", "nobody"),
    ],
)
def test_a_filter_that_cannot_be_is_told_beside_the_form(vera, query, told):
    """What is wrong, what to write, and the form still there."""
    page = vera.get(f"{S}/history?{query}")
    assert page.status in {404, 422}
    assert told in page.told(ALERT)
    name, _, asked = query.partition("=")
    assert filled(page.form("/history"))[name] == asked


def test_where_nothing_fits_that_is_said_with_what_was_asked(tim):
    """An empty list alone would tell nobody why it is empty."""
    page = tim.get(f"{S}/history?node=clean&type=RunStarted&actor=ann&since=2")
    assert page.status == 200
    assert page.told(".//*[@class='card empty']/p") == (
        "None is about clean, by ann, of the kind “run started”, from 2 on."
    )


def test_old_and_new_of_a_secret_are_its_name(counter, tim):
    """Nothing of the history tells more than the log has."""
    named = Answers(environ_vars={"API_TOKEN": {"secret": "TOKEN"}}, partial=True)
    counter.session.configure("clean", named)
    page = tim.get(f"{S}/history")
    assert "@secret:TOKEN" in page.text
