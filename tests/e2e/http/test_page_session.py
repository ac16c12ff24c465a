"""The screen of a session, as browsers without scripts and listeners see it."""

import asyncio
import json
import re

import pytest
from tests.support.browsing import Browser
from tests.support.desk import top
from tests.support.listening import listening
from tests.support.service import service

from runthrough.bootstrap import load_pipeline
from runthrough.entrypoints.http.pages import session as page_of_session
from runthrough.entrypoints.http.pages.live import changed

MARKUP = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """The same for those who only look; nothing is recorded by them."""
    with service(tmp_path_factory.mktemp("shown") / "shop") as begun:
        begun.session = begun.begin()
        yield begun
        assert begun.application.sessions.open("demo").version == begun.session.version


@pytest.fixture(scope="module")
def reader(shown):
    return Browser(shown, "tim")


def sent(page):
    """What the forms of a page do that change something."""
    forms = page.all(".//form[@method='post']")
    return {one.get("action").rpartition("/")[2] for one in forms}


def test_one_screen_has_the_picture_the_list_the_next_thing_and_its_form(reader):
    """And the marks that are no words are kept from screen readers."""
    page = reader.get("/sessions/demo")
    assert "report" in page.told(".//*[@id='next']")
    typed = "or type runthrough configure report --arg top=VALUE --session demo"
    assert typed in page.told(".//*[@id='next']")
    headings = [
        " ".join("".join(h.itertext()).split()) for h in page.all(".//*[@id='worklist']//h3")
    ]
    assert headings == ["? needs you 1", "… waiting 1", "• ready 1"]
    assert "top: no value" in page.told(".//*[@id='group-needs_you']")
    assert page.field("job_arg:top") is not None
    assert page.told(".//h1").startswith("demo")
    assert "version 12" in page.told(".//main")


def test_every_node_of_the_picture_leads_to_its_form(reader):
    """The chosen one is marked, for eyes and for screen readers."""
    page = reader.get("/sessions/demo?node=clean")
    links = page.all(".//svg/a")
    assert len(links) == 3
    assert [one.get("aria-current") for one in links].count("true") == 1
    (chosen,) = [one for one in links if one.get("aria-current")]
    assert chosen.get("href").endswith("?node=clean#node")
    assert page.told(".//*[@id='node']//h2") == "clean"
    assert page.root.find(".//svg").get("role") == "graphics-document"


def test_nothing_on_a_screen_breaks_the_policy(shown, reader):
    """No script and no style stands in the page: its policy would stop them."""
    for address in ("/sessions", "/sessions/new", "/sessions/demo", "/sessions/nowhere"):
        answer = shown.client.get(address, headers=shown.as_("tim"))
        assert "style-src 'self'" in answer.headers["content-security-policy"]
        page = reader.get(address)
        assert not page.has(".//style")
        scripts = page.all(".//script")
        assert scripts
        assert all(one.get("src") and not one.text for one in scripts)
        for one in page.root.iter():
            assert not [name for name in one.attrib if name == "style" or name.startswith("on")]


def test_every_field_has_a_label_and_every_id_is_there_once(reader):
    """So that screen readers and links find what is meant."""
    for address in ("/sessions", "/sessions/new", "/sessions/demo", "/sessions/demo?node=clean"):
        page = reader.get(address)
        ids = [one.get("id") for one in page.root.iter() if one.get("id")]
        assert len(ids) == len(set(ids))
        labelled = {one.get("for") for one in page.all(".//label")}
        within = {id(e) for label in page.all(".//label") for e in label.iter()}
        for one in page.root.iter():
            if one.tag in {"input", "select", "textarea"} and one.get("type") != "hidden":
                assert one.get("id") in labelled or id(one) in within, one.attrib
            for told in one.get("aria-describedby", "").split():
                assert told in ids


def test_the_screen_has_landmarks_and_one_first_heading(reader):
    """And a way past the top for those who use the keyboard."""
    page = reader.get("/sessions/demo")
    assert len(page.all(".//main")) == len(page.all(".//h1")) == 1
    assert page.root.find(".//body")[0].get("href") == "#main"
    assert page.root.find(".//html").get("lang") == "en"
    assert page.told(".//title") == "demo · runthrough"


def test_names_are_told_as_they_are_and_do_nothing(counter, tim):
    """A name that is markup is text wherever it stands, and leads to its node."""
    pipeline = {"name": "<b>names</b>", "nodes": {MARKUP: {"external": True}}}
    file = counter.desk.shell.file("names.json", json.dumps(pipeline))
    session = counter.application.sessions.start(load_pipeline(file), name="names")
    page = tim.get(f"/sessions/{session.session_id}")
    assert "<img" not in page.text
    assert "<b>names" not in page.text
    (row,) = page.all(".//*[@id='worklist']//a")
    assert "".join(row.itertext()) == MARKUP
    assert tim.get(row.get("href")).told(".//*[@id='node']//h2") == MARKUP
    assert MARKUP in "".join(page.root.find(".//svg").itertext())


def test_what_turns_the_direction_of_writing_is_told_as_code(counter, tim):
    """So that no text can be read as another one; lines and tabs stay what they are."""
    counter.session.configure("report", top(3, user_notes="two\nlines, \u202egnp.exe"))
    page = tim.get("/sessions/demo?node=report")
    assert "\u202e" not in page.text
    assert page.field("user_notes").text == "two\nlines, \\u202egnp.exe"


def test_viewers_see_no_button_that_they_may_not_use(shown):
    """They see what a node has, and no form but the one that signs them out."""
    page = Browser(shown, "vera").get("/sessions/demo?node=report")
    assert sent(page) == {"sign-out"}
    assert "not set, needed" in page.told(".//*[@id='node']")
    assert not page.has(".//*[@id='next']/a")


def test_a_closed_session_is_to_be_read(counter, tim):
    """That is said; what it may be is opened again."""
    counter.session.close()
    page = tim.get("/sessions/demo")
    assert "The session is closed: it is to be read." in page.told(".//main")
    assert sent(page) == {"sign-out", "reopen"}


def test_the_past_is_shown_as_it_was_and_said_to_be_the_past(counter, tim):
    """By version and by time; links stay there, what changes it is absent."""
    before = counter.session.version
    counter.session.configure("report", top(3))
    page = tim.get(f"/sessions/demo?at={before}&node=report")
    assert f"As it was at version {before}" in page.told(".//*[@id='past']")
    assert "needs you" in page.told(".//*[@id='worklist']")
    assert sent(page) == {"sign-out", "fork"}
    assert "hx-sse:connect" not in page.text
    leads = [one.get("href") for one in page.all(".//*[@id='worklist']//a")]
    assert leads
    assert all(f"?at={before}&" in one for one in leads)
    now = tim.get("/sessions/demo?at=0s&node=report")
    assert "ready" in now.told(".//*[@id='node']") or "waiting" in now.told(".//*[@id='node']")


@pytest.mark.parametrize(
    ("at", "status", "told"),
    [("soon", 422, "neither a version nor a time"), ("99", 404, "versions 1 to 12, not 99")],
)
def test_a_moment_that_never_was_is_told(reader, at, status, told):
    """As a screen with what to do."""
    page = reader.get(f"/sessions/demo?at={at}")
    assert page.status == status
    assert told in page.told(".//main")


def test_an_unknown_session_is_told_as_a_screen(reader):
    """With the sessions that there are."""
    page = reader.get("/sessions/nowhere")
    assert page.status == 404
    assert "No session fits 'nowhere'" in page.told(".//main")
    assert page.has(".//a[@href='/sessions']")


def test_an_external_node_shows_what_it_provides(counter, tim):
    """And that it stands for something outside."""
    counter.session.mark_external("clean", {"clean_orders": "data/orders.csv"})
    page = tim.get("/sessions/demo?node=clean")
    assert "clean_ordersdata/orders.csv" in page.told(".//*[@id='node']//dl")


def test_a_run_shows_on_the_screen(counter, tim):
    """What passed is folded into its category, and the next thing is the report."""
    counter.session.configure("report", top(1))
    counter.session.run()
    page = tim.get("/sessions/demo")
    assert page.told(".//*[@class='standing']") == "✓ 3 passed"
    assert "All has passed." in page.told(".//*[@id='next']")
    assert page.told(".//*[@id='node']") != ""


def test_what_is_seen_and_not_recorded_is_told(counter, tim):
    """A file that is gone shows at once; only a resume records it."""
    before = counter.session.version
    counter.desk.orders.unlink()
    page = tim.get("/sessions/demo")
    assert "seen now, not recorded: 1 node would be pending" in page.told(".//main")
    counter.session.refresh()
    assert counter.session.version == before


def test_a_session_of_another_host_is_shown_with_what_is_not_known(counter, tim):
    """Its paths are not looked at, which is said."""
    definition = load_pipeline(counter.desk.folder / "pipeline.yaml")
    counter.desk.application("ann", "there").sessions.start(definition, name="far")
    page = tim.get("/sessions/far")
    assert "The session lives on" in page.told(".//main")
    assert "not looked at, nothing run from here" in page.told(".//main")


def test_an_overview_is_what_the_single_views_are(counter):
    """One look gives what several gave: status, picture, and the questions of the next node."""
    session = counter.session
    seen = session.overview()
    assert seen.status == session.status()
    assert seen.picture == session.picture()
    assert seen.node == "report"
    assert seen.questions == session.questions("report", everything=True)
    assert session.overview("clean").node == "clean"
    assert session.overview("gone").node == "report"


def test_parts_come_without_the_frame(shown, reader):
    """What the script asks for again is what stands in the screen."""
    address = reader.get("/sessions/demo").root.find(".//*[@id='screen']").get("hx-get")
    answer = shown.client.get(address, headers={**shown.as_("tim"), "HX-Request": "true"})
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert 'id="worklist"' in answer.text


def test_the_live_connection_begins_where_the_screen_was_made(shown, reader):
    """So that nothing is missed between the two."""
    page = reader.get("/sessions/demo")
    address = page.root.find(".//*[@id='live']").get("hx-sse:connect")
    assert int(re.search(r"after=(\d+)", address)[1]) == shown.application.broadcast.head()


def test_an_event_is_told_in_few_bytes(shown):
    """The version alone: what it is, the screen asks for itself."""
    event = shown.application.broadcast.since(0)[-1]
    assert changed(event) == b"event: changed\ndata: 12\nid: 12\n\n"


def test_those_who_look_are_told_of_each_event_of_their_session(counter):
    """From where their screen was made; what happens in other sessions is not told."""

    async def story():
        after = counter.application.broadcast.head()
        counter.session.note("one")
        counter.begin(name="other")
        async with listening(
            counter.client.app, "/sessions/demo/live", counter.as_("vera"), after=after
        ) as listener:
            begin = await listener.frame()
            assert (listener.status, begin["id"]) == (200, str(after))
            told = await listener.frame()
            assert (told["event"], told["data"]) == ("changed", "13")
            counter.desk.enter("bob").note("two")
            told = await listener.frame()
            assert (told["event"], told["data"]) == ("changed", "14")

    asyncio.run(story())


def test_who_comes_back_goes_on_behind_the_last_event(counter):
    """The browser says which one that was, which beats where the screen was made."""

    async def story():
        after = counter.application.broadcast.head()
        counter.session.note("one")
        headers = counter.as_("vera") | {"Last-Event-ID": str(after + 1)}
        counter.session.note("two")
        async with listening(
            counter.client.app, "/sessions/demo/live", headers, after=after
        ) as listener:
            await listener.frame()
            assert (await listener.frame())["data"] == "14"

    asyncio.run(story())


def test_what_was_never_told_is_nothing_to_come_back_behind(counter):
    """A position that no log comes to is refused before a stream begins."""
    headers = counter.as_("vera") | {"Last-Event-ID": "9" * 30}
    assert counter.client.get("/sessions/demo/live", headers=headers).status_code == 422


def test_strangers_are_told_nothing_live(counter):
    """Neither without a token nor of a session outside of its scope."""
    part = {"HX-Request": "true"}
    assert counter.client.get("/sessions/demo/live", headers=part).status_code == 401
    counter.tokens["sam"] = counter.application.tokens.create(
        "sam", "viewer", sessions=["another"], expires_in_s=60, created_by="owner"
    )[0]
    answer = counter.client.get("/sessions/demo/live", headers=counter.as_("sam"))
    assert answer.status_code == 404


def test_a_node_that_there_is_not_is_told_with_the_nearest_names(reader):
    """The screen comes all the same, with the node that is next."""
    page = reader.get("/sessions/demo?node=reprot")
    assert page.status == 200
    assert "'reprot' not found in discovered scripts. Did you mean 'report'?" in page.told(
        ".//*[@id='answered']"
    )
    assert page.told(".//*[@id='node']//h2") == "report"


def test_of_many_nodes_some_are_listed_and_all_are_found_by_name(counter, tim, monkeypatch):
    """What is not listed is counted; what nobody waits for is folded away."""
    monkeypatch.setattr(page_of_session, "LISTED_AT_MOST", 20)
    nodes = {f"n{place:02}": {"external": True} for place in range(35)}
    file = counter.desk.shell.file("many.json", json.dumps({"name": "many", "nodes": nodes}))
    counter.application.sessions.start(load_pipeline(file), name="many")
    page = tim.get("/sessions/many")
    group = page.root.find(".//*[@id='group-external']")
    assert group.tag == "details"
    assert len(group.findall(".//a")) == 20
    assert "and 15 more, found by name" in page.told(".//*[@id='group-external']")
    address = page.root.find(".//*[@id='find']").get("action").partition("#")[0]
    assert tim.get(f"{address}?node=n34").told(".//*[@id='node']//h2") == "n34"
