"""Names and texts that look like markup: they are shown as they are, and nothing of them runs."""

import json
from itertools import pairwise

import pytest
from playwright.sync_api import expect
from tests.support.page_shops import page_shop

from runthrough.application.answers import Answers

pytestmark = pytest.mark.browser
SCRIPT = "<script>document.title='taken'<!--"
QUOTED = "\"' onmouseover=alert(1) x='"
ENTITY = "&lt;b&gt; {{ 7*7 }} %22 ?node=a#b"
LONG = "long" * 50
MIXED = "שלום 東京 é \U0001f600"
NODES = (SCRIPT, QUOTED, ENTITY, LONG, MIXED)
VALUE = "</textarea></script><img src=x onerror=alert(2)>\u202egnp.exe"
SHOWN = "</textarea></script><img src=x onerror=alert(2)>\\u202egnp.exe"
"""What could turn the direction of a line is told as code."""
SESSION = "'><svg onload=alert(3)>"
TAKES = """
def main(input_paths, output_paths, environ_vars, job_args):
    print(environ_vars["WORD"])
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A service with one session whose every text is markup."""
    with page_shop(tmp_path_factory.mktemp("names") / "shop") as begun:
        begun.desk.script("takes", TAKES)
        nodes = {name: {"script": "scripts/takes.py"} for name in NODES}
        pipeline = {
            "name": "<i>names</i>",
            "scripts": ["scripts"],
            "nodes": nodes,
            "edges": [[a, b] for a, b in pairwise(NODES)],
        }
        session = begun.begin("names", json.dumps(pipeline, ensure_ascii=False))
        session.rename(SESSION)
        for name in NODES[1:]:
            session.configure(name, Answers(environ_vars={"WORD": VALUE}, user_notes=VALUE))
        session.note(VALUE)
        yield begun


@pytest.mark.parametrize("node", NODES, ids=["script", "quotes", "entities", "long", "mixed"])
def test_a_name_that_looks_like_markup_is_only_a_name(tim, node):
    """It leads to its node from the list and from the picture, and nothing of it is run."""
    tim.go("/sessions")
    tim.page.get_by_role("link", name=SESSION, exact=True).click()
    tim.live()
    expect(tim.page.locator("h1 bdi")).to_have_text(SESSION)
    tim.choose(node)
    expect(tim.part("node-title")).to_have_text(node)
    word = tim.page.locator("[name='environ_var:WORD']")
    expect(word).to_have_value("" if node == SCRIPT else SHOWN)
    chosen = tim.part("picture").locator("a[aria-current]")
    expect(chosen).to_have_count(1)
    assert tim.page.title() != "taken"
    assert tim.page.locator("main img, main svg[onload], main [onmouseover]").count() == 0


def test_what_is_typed_may_be_markup_as_well(desktop, shop):
    """It is recorded sign for sign, told on the screen, and in every other window."""
    tim, tess = (desktop.window(shop.url, shop.tokens[actor]) for actor in ("tim", "tess"))
    session = shop.enter(SESSION)
    for window in (tim, tess):
        window.go(f"/sessions/{session.session_id}")
        window.choose(SCRIPT)
        window.live()
    typed = "<b onclick='alert(4)'>\"&quot;"
    tim.page.fill("[name='environ_var:WORD']", typed)
    tim.page.keyboard.press("Enter")
    expect(tim.page.get_by_role("status").filter(has_text="env.WORD")).to_contain_text(typed)
    expect(tess.page.locator("[name='environ_var:WORD']")).to_have_value(typed)
    rows = shop.enter(SESSION).whole_node(SCRIPT)["values"]
    assert {row["name"]: row["value"] for row in rows}["env.WORD"] == typed
    assert tim.page.locator("main b").count() == 0


def test_long_names_break_no_screen(tim):
    """Wide or narrow, light or dark: nothing scrolls sideways but the picture."""
    tim.go("/sessions")
    tim.looks("names-sessions")
    tim.page.get_by_role("link", name=SESSION, exact=True).click()
    tim.choose(LONG)
    expect(tim.part("node-title")).to_have_text(LONG)
    tim.looks("names-session")
