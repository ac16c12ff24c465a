"""The list of sessions, and how one is begun, in browsers that run no script."""

import pytest
from tests.support.browsing import Browser
from tests.support.desk import SHOP, top
from tests.support.pipelines import CLEAN
from tests.support.service import service

from runthrough.application.answers import Answers
from runthrough.entrypoints.http.pages import sessions as page_of_sessions


@pytest.fixture
def counter(tmp_path):
    """The shop's service; there is no session yet."""
    with service(tmp_path / "shop") as begun:
        yield begun


def rows(page):
    """The list, a text for each session."""
    return [" ".join("".join(row.itertext()).split()) for row in page.all(".//table/tbody/tr")]


def test_the_root_leads_to_the_list(tim):
    """Where a browser comes in, it sees the sessions."""
    assert tim.get("/").address == "/sessions"


def test_a_stranger_is_sent_to_sign_in_and_back(counter):
    """The address that was asked for is kept, with what it asked."""
    answer = counter.client.get("/sessions?q=a%20b", follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=%2Fsessions%3Fq%3Da%2520b"


def test_the_script_of_a_page_is_told_that_the_sign_in_ended(counter):
    """A part is asked for: the notice tells, and the page stays with what was typed."""
    answer = counter.client.get("/sessions", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.headers["hx-retarget"] == "#notice"
    assert "Your access has ended" in answer.text


def test_an_empty_list_tells_what_to_do(counter, tim):
    """A tester is led to the form; a viewer is told who begins one."""
    page = tim.get("/sessions")
    assert "There is no session yet" in page.told(".//main")
    assert "runthrough new PIPELINE" in page.told(".//main")
    assert page.has(".//main//a[@href='/sessions/new']")
    seen = Browser(counter, "vera").get("/sessions")
    assert not seen.has(".//a[@href='/sessions/new']")


def test_a_session_is_listed_with_how_it_stands(counter, tim):
    """Name, what waits in words, pipeline, and who was last there."""
    counter.begin(name="heron")
    (row,) = rows(tim.get("/sessions"))
    assert row.startswith("heron ? 1 node needs you shop ann, just now version")


def test_how_sessions_stand_follows_what_was_done(counter, tim):
    """Ready, passed, and closed are told as such."""
    session = counter.begin(name="heron")
    session.configure("report", top(1))
    assert "ready to run" in rows(tim.get("/sessions"))[0]
    session.run()
    assert "last run passed" in rows(tim.get("/sessions"))[0]
    session.configure("report", top(2))
    assert "1 node changed since the last run" in rows(tim.get("/sessions"))[0]
    session.close()
    assert "↗ closed" in rows(tim.get("/sessions"))[0]


def test_a_fork_of_what_failed_is_listed_with_what_failed(counter, tim):
    """As its own screen says, although no run of its own has been; and no longer once mended."""
    session = counter.begin(name="heron")
    counter.desk.script("clean", CLEAN.replace('environ_vars["CURRENCY"]', '{}["currency"]'))
    session.configure("report", top(1))
    session.run()
    counter.application.sessions.fork("heron", name="crane")
    crane, heron = rows(tim.get("/sessions"))
    assert "✗ 1 failed, 2 blocked" in crane
    assert "✗ 1 failed, 2 blocked" in heron
    head = tim.get("/sessions/crane").told(".//p[@class='standing']")
    assert "1 failed" in head
    assert "2 blocked" in head
    session.configure("clean", Answers(environ_vars={"CURRENCY": "USD"}))
    assert "• ready to run" in rows(tim.get("/sessions?q=heron"))[0]


def test_the_list_is_searched_and_filtered(counter, tim):
    """By all words anywhere in name, pipeline and person, and by phase."""
    counter.begin(name="heron")
    counter.begin(name="crane").close()
    assert len(rows(tim.get("/sessions"))) == 2
    (row,) = rows(tim.get("/sessions?q=SHOP+her"))
    assert row.startswith("heron")
    (row,) = rows(tim.get("/sessions?show=closed"))
    assert row.startswith("crane")
    page = tim.get("/sessions?q=nowhere")
    assert "No session fits" in page.told(".//main")
    assert page.field("q").get("value") == "nowhere"


def test_archived_sessions_are_listed_where_they_are_asked_for(counter, tim):
    """And nowhere else."""
    session = counter.begin(name="heron")
    session.close()
    session.archive()
    assert rows(tim.get("/sessions")) == []
    assert "archived" in rows(tim.get("/sessions?show=archived"))[0]


def test_a_long_list_comes_in_pages(counter, tim, monkeypatch):
    """The latest first; the older ones are one step away, with the same search."""
    monkeypatch.setattr(page_of_sessions, "PAGE_SIZE", 2)
    for name in ("one", "two", "three"):
        counter.begin(name=name)
    page = tim.get("/sessions?q=shop")
    assert [row.split()[0] for row in rows(page)] == ["three", "two"]
    older = page.root.find(".//nav[@aria-label='Pages']/a").get("href")
    assert [row.split()[0] for row in rows(tim.get(older))] == ["one"]


def test_a_token_for_some_sessions_sees_those_alone(counter):
    """And is not told how many others there are."""
    heron, _ = counter.begin(name="heron"), counter.begin(name="crane")
    counter.tokens["sam"] = counter.application.tokens.create(
        "sam", "tester", sessions=[heron.session_id], expires_in_s=60, created_by="owner"
    )[0]
    sam = Browser(counter, "sam")
    page = sam.get("/sessions")
    assert [row.split()[0] for row in rows(page)] == ["heron"]
    assert "1 session" in page.told(".//form//*[@role='status']")
    assert "crane" not in page.text
    assert sam.get("/sessions/crane").status == 404
    assert sam.get("/sessions/new").status == 403


# ---- beginning one


def test_a_session_is_begun_with_a_file_that_is_offered(counter, tim):
    """The files in the roots are listed; the chosen one begins a session, of which is told."""
    counter.desk.shell.file("deep/other.yml", SHOP)
    counter.desk.shell.file("data/settings.yaml", "colour: blue\n")
    page = tim.get("/sessions/new")
    offered = [
        one.get("value").removeprefix(f"{counter.desk.folder}/")
        for one in page.form("/sessions").iter("input")
        if one.get("name") == "pipeline"
    ]
    assert offered == ["pipeline.yaml", "deep/other.yml"]
    begun = tim.send(
        page, "/sessions", pipeline=f"{counter.desk.folder}/pipeline.yaml", name="heron"
    )
    assert begun.status == 200
    assert "heron" in begun.told(".//h1")
    assert "3 scripts, 2 configured by themselves, 1 pending" in begun.told(".//main")
    assert counter.application.sessions.open("heron").history()[0].actor == "tim"


def test_a_link_that_leads_out_is_not_offered(counter, tim, tmp_path):
    """What lies outside of the roots is not opened to look what it is."""
    outside = tmp_path / "outside.yaml"
    outside.write_text(SHOP)
    (counter.desk.folder / "a-link.yaml").symlink_to(outside)
    assert "a-link.yaml" not in tim.get("/sessions/new").text


def test_a_path_may_be_typed_from_the_first_root(tim):
    """A path that is typed beats the one that is chosen."""
    page = tim.send(tim.get("/sessions/new"), "/sessions", typed="pipeline.yaml", name="heron")
    assert "heron" in page.told(".//h1")


def test_what_is_wrong_with_a_file_stands_at_its_field(counter, tim):
    """With line and column, and what was typed is shown again."""
    counter.desk.shell.file("wrong.yaml", "name: x\nnodes:\n  a: {inputs: 3}\n")
    page = tim.send(tim.get("/sessions/new"), "/sessions", typed="wrong.yaml", name="heron")
    assert page.status == 422
    typed = page.field("typed")
    assert (typed.get("value"), typed.get("aria-invalid")) == ("wrong.yaml", "true")
    assert "wrong.yaml:3:" in page.described("typed")
    assert page.field("name").get("value") == "heron"


def test_a_name_that_is_taken_stands_at_its_field(counter, tim):
    """The file that was chosen stays chosen."""
    counter.begin(name="heron")
    page = tim.send(tim.get("/sessions/new"), "/sessions", typed="pipeline.yaml", name="heron")
    assert page.status == 409
    assert "already called 'heron'" in page.described("name")
    assert page.field("typed").get("value") == "pipeline.yaml"


@pytest.mark.parametrize("typed", ["/etc/hostname", "../outside.yaml"])
def test_a_file_outside_the_roots_is_refused(counter, tim, typed):
    """It is not read, and nothing is begun."""
    page = tim.send(tim.get("/sessions/new"), "/sessions", typed=typed)
    assert page.status == 422
    assert "does not lie inside" in page.described("typed")
    assert counter.application.sessions.entries() == ()


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("typed", "", "No pipeline file is chosen"),
        ("like", "nobody", "No session fits 'nobody'"),
        ("workspace", "/etc", "does not lie inside"),
        ("workspace", "nowhere", "there is no folder 'nowhere'"),
        ("name", "a b\tc", "name"),
    ],
)
def test_each_mistake_stands_at_its_own_field(counter, tim, field, value, told):
    """And nothing is begun."""
    counter.desk.shell.file("second.yaml", SHOP)
    page = tim.get("/sessions/new")
    typed = {"typed": "pipeline.yaml"} | {field: value}
    answer = tim.send(page, "/sessions", **typed)
    assert answer.status in {404, 422}
    assert told in answer.described(field)
    assert counter.application.sessions.entries() == ()


def test_answers_of_another_session_are_taken(counter, tim):
    """As `runthrough new --like` does."""
    counter.begin(
        name="heron",
    ).configure("report", top(7))
    tim.send(tim.get("/sessions/new"), "/sessions", typed="pipeline.yaml", name="b", like="heron")
    assert counter.application.sessions.open("b").state.nodes["report"].spec.job_args == {"top": 7}


def test_viewers_begin_nothing(counter):
    """Neither the form nor what it sends is for them."""
    vera = Browser(counter, "vera")
    assert vera.get("/sessions/new").status == 403
    assert vera.post("/sessions", {"typed": "pipeline.yaml"}).status == 403
    assert counter.application.sessions.entries() == ()
