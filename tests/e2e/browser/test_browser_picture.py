"""The picture in a real browser: it shrinks a little, and shows first what is looked for."""

import pytest
from tests.support.page_shops import page_shop

pytestmark = pytest.mark.browser
PRINT = """
def main(input_paths, output_paths, environ_vars, job_args):
    print(job_args.word)
"""
NODES = [f"step{number:02d}" for number in range(40)]
ASKED = "step37"
WORDS = ("{word: a}", "{}")
TREE = (
    "name: tree\nscripts: [scripts]\nnodes:\n"
    + "".join(
        f"  {node}: {{script: scripts/echo.py, job_args: {WORDS[node == ASKED]}}}\n"
        for node in NODES
    )
    + "edges:\n"
    + "".join(f"  - [step{number // 3:02d}, step{number:02d}]\n" for number in range(1, 40))
)
PLAIN = "name: plain\nscripts: [scripts]\nnodes:\n  one: {script: scripts/echo.py}\n"
MEASURED = """() => {
  const frame = document.querySelector(".frame");
  const picture = frame.querySelector("svg");
  const shown = (one) => {
    const box = one.getBoundingClientRect();
    const around = frame.getBoundingClientRect();
    return box.left >= around.left && box.right <= around.right
      && box.top >= around.top && box.bottom <= around.bottom;
  };
  return {
    least: picture.getBoundingClientRect().width / Number(picture.getAttribute("width")),
    scrolls: frame.scrollWidth > frame.clientWidth,
    shown: [...frame.querySelectorAll(".rt-node")].filter(shown)
      .map((one) => one.querySelector(".rt-name").textContent),
  };
}"""
SMALL = """() => [...document.querySelectorAll(
    "main button, main summary, main select, main nav a, main [role=button], header a, "
    + "main input[type=text], main input[type=search], main .group a, main .pick label")]
  .filter((one) => one.checkVisibility() && !one.closest(".hidden"))
  .filter((one) => one.getBoundingClientRect().height < 40)
  .map((one) => one.outerHTML.slice(0, 100))"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A service with a tree of 40 nodes, one of which needs somebody."""
    with page_shop(tmp_path_factory.mktemp("picture") / "shop") as begun:
        begun.tree = begun.begin("tree", TREE, echo=PRINT)
        begun.plain = begun.begin("plain", PLAIN)
        yield begun


def test_a_wide_picture_shrinks_into_its_frame(desktop, shop):
    """Where that leaves it large enough to be read, nothing has to be scrolled sideways."""
    tim = desktop.window(shop.url, shop.tokens["tim"], size={"width": 768, "height": 900})
    tim.go(f"/sessions/{shop.tree.session_id}")
    seen = tim.page.evaluate(MEASURED)
    assert not seen["scrolls"]
    assert 0.6 < seen["least"] < 1
    assert ASKED in seen["shown"]


def test_what_needs_somebody_is_seen_at_once(phone, shop):
    """The picture is larger than its frame, and is scrolled to the node that is asked about."""
    phone.go(f"/sessions/{shop.tree.session_id}")
    phone.live()
    seen = phone.page.evaluate(MEASURED)
    assert seen["scrolls"]
    assert seen["least"] == pytest.approx(0.6, abs=0.01)
    assert ASKED in seen["shown"]


def test_the_node_that_is_chosen_is_seen_at_once(phone, shop):
    """Whoever follows a link to a node sees where it stands."""
    phone.go(f"/sessions/{shop.tree.session_id}?node={NODES[0]}")
    phone.live()
    assert NODES[0] in phone.page.evaluate(MEASURED)["shown"]


def test_a_small_picture_is_shown_as_it_is(phone, shop):
    """Nothing is blown up, and nothing scrolls."""
    phone.go(f"/sessions/{shop.plain.session_id}")
    seen = phone.page.evaluate(MEASURED)
    assert (seen["least"], seen["scrolls"], seen["shown"]) == (1, False, ["one"])


@pytest.mark.parametrize("screen", ["", "?node=step05", "/history", "/diff?one=2"])
def test_fingers_have_room(phone, shop, screen):
    """On a phone whatever is pressed is at least 40 pixels high."""
    phone.go(f"/sessions/{shop.tree.session_id}{screen}")
    assert phone.page.evaluate(SMALL) == []
