"""What is done on the page with a session as a whole, and the menu that offers it."""

import pytest
from tests.support.at_report import ALERT, S, answered, state
from tests.support.runs_on import ran

pytestmark = pytest.mark.slow


def test_a_note_stays_in_the_history(counter, tim):
    """What looks like a secret in it is masked; an empty one is refused."""
    page = tim.send(tim.get(S), "/note", text="looks good")
    assert "noted: looks good" in page.told(".//*[@class='notice good']")
    assert tim.post(f"{S}/note", {"text": " "}).status == 409


def test_what_passed_is_approved_at_the_version_that_was_shown(counter, tim):
    """Before it has passed that is refused, with what has not."""
    early = tim.send(tim.get(S), "/approve")
    assert early.status == 409
    assert "clean" in early.told(ALERT)
    answered(tim, 3)
    ran(counter, tim)
    shown = tim.get(S)
    counter.session.note("meanwhile")
    page = tim.send(shown, "/approve")
    assert page.status == 200
    assert state(counter).approval.version == int(shown.field("version").get("value"))
    assert state(counter).approval.by == "tim"


@pytest.mark.parametrize("version", ["", "now", "-1", "9" * 5_000])
def test_an_approval_of_no_version_is_refused(counter, tim, version):
    """A form that was not made by the page approves nothing, and not the present version."""
    answered(tim, 3)
    ran(counter, tim)
    assert tim.post(f"{S}/approve", {"version": version}).status == 422
    assert state(counter).approval is None


def test_a_session_is_renamed_closed_reopened_and_archived(counter, tim, ada):
    """Archiving is an admin's and is confirmed; a name that is taken is told."""
    counter.begin(name="other")
    taken = tim.send(tim.get(S), "/rename", name="other")
    (menu,) = taken.all(".//details[@id='menu']")
    assert menu.get("open") is not None
    assert taken.status == 409
    assert taken.field("name").get("value") == "other"
    page = tim.send(tim.get(S), "/rename", name="renamed")
    assert page.told(".//h1").startswith("renamed")
    closed = tim.send(page, "/close")
    assert "The session is closed" in closed.told(".//main")
    assert not any(one.get("action").endswith("/archive") for one in closed.all(".//form"))
    assert tim.post("/sessions/renamed/archive", {"sure": "1"}).status == 403
    unsure = ada.post("/sessions/renamed/archive", {})
    assert unsure.status == 422
    assert not state(counter, "renamed").archived
    ada.send(ada.get("/sessions/renamed"), "/archive", sure="1")
    assert state(counter, "renamed").archived
    reopened = tim.send(tim.get("/sessions/renamed"), "/reopen", name="again")
    assert reopened.told(".//h1").startswith("again")


def test_what_changed_is_recorded_by_a_button_that_is_there_when_something_did(counter, tim):
    """Then it stands in the history, and the button is gone."""
    assert not any(one.get("action").endswith("/resume") for one in tim.get(S).all(".//form"))
    counter.desk.orders.unlink()
    page = tim.get(S)
    after = tim.send(page, "/resume")
    assert "clean" in after.told(".//*[@class='notice good']")
    assert state(counter).nodes["clean"].needs
    assert not any(one.get("action").endswith("/resume") for one in after.all(".//form"))


def test_a_node_that_is_stale_tells_why_and_is_accepted_as_it_is(counter, tim, vera):
    """Old → new, with a button that lets what passed stand; viewers see the reason only."""
    answered(tim, 3)
    ran(counter, tim)
    answered(tim, 4)
    page = tim.get(f"{S}?node=report")
    assert "top 3 → 4" in page.told(".//*[@id='why']")
    assert not vera.get(f"{S}?node=report").has(".//*[@id='why']//form")
    accepted = tim.send(page, "/accept")
    assert "accepted report as unchanged" in accepted.told(".//*[@class='notice good']")
    assert not tim.get(f"{S}?node=report").has(".//*[@id='why']")
    late = tim.send(page, "/accept")
    assert late.status == 409


def test_forms_of_the_menu_lead_back_to_the_screen_when_their_address_is_loaded(tim):
    """A refusal leaves such an address in the browser."""
    for action in ("note", "approve", "rename", "close", "reopen", "archive", "redo", "resume"):
        assert tim.get(f"{S}/{action}").has(".//*[@id='worklist']")
    for action in ("home", "fork", "undo-to", "accept"):
        assert tim.get(f"{S}/{action}").has(".//*[@id='worklist']")


def test_the_menu_breaks_no_rule_of_forms_and_viewers_have_none(tim, vera):
    """Every field has a label, every id is there once, and viewers see the links only."""
    for address in (S, f"{S}?at=5", f"{S}/history", f"{S}/diff", f"{S}/take-back", f"{S}/plan"):
        page = tim.get(address)
        ids = [one.get("id") for one in page.root.iter() if one.get("id")]
        assert len(ids) == len(set(ids)), address
        labelled = {one.get("for") for one in page.all(".//label")}
        within = {id(e) for label in page.all(".//label") for e in label.iter()}
        for one in page.root.iter():
            shown = one.get("type") != "hidden" and one.get("aria-hidden") != "true"
            if one.tag in {"input", "select", "textarea"} and shown:
                named = one.get("id") in labelled or id(one) in within or one.get("aria-label")
                assert named, one.attrib
            assert "style" not in one.attrib
        assert not page.has(".//style")
    assert not vera.get(S).has(".//*[@id='menu']")
    assert vera.get(S).has(".//nav[@aria-label='Of this session']")
