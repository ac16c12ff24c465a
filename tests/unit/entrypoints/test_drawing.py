"""A DAG as SVG."""

import re
from typing import get_args
from xml.etree import ElementTree as ET

import graphlay
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runthrough.core.lifecycle import Lifecycle
from runthrough.core.values.outcomes import Outcome
from runthrough.core.views.worklist import CATEGORIES
from runthrough.entrypoints.drawing import svg
from runthrough.entrypoints.drawing.looks import LOOKS, themes

NS = {"s": "http://www.w3.org/2000/svg"}


def drawn(nodes, edges=(), **more):
    return ET.fromstring(
        svg(nodes, [dict(zip(("from_node", "node"), e, strict=True)) for e in edges], **more)
    )


def boxes(root):
    """By name: the class of each node's group, its texts and its rectangle."""
    found = {}
    for group in root.findall("s:g", NS):
        rect = group.find("s:rect", NS)
        if rect is not None:
            name = group.find("s:title", NS).text.rpartition(": ")[0]
            texts = [text.text for text in group.findall("s:text", NS)]
            place = [float(rect.get(key)) for key in ("x", "y", "width", "height")]
            found[name] = (group.get("class"), texts, place)
    return found


def test_a_node_has_name_mark_word_and_time():
    """Colour never says anything that mark and word do not."""
    nodes = {"clean": {"outcome": "passed", "took": "2.44 s"}, "total": {"state": "pending"}}
    told = boxes(drawn(nodes))
    assert told["clean"][:2] == ("rt-node rt-good", ["clean", "✓ passed · 2.44 s"])
    assert told["total"][:2] == ("rt-node rt-warn", ["total", "? pending"])


def test_every_word_of_the_lifecycle_has_a_look():
    """Outcomes, work list categories and lifecycle states all have a mark and a colour."""
    assert {*get_args(Outcome), *CATEGORIES, *Lifecycle} <= LOOKS.keys()


def test_an_external_node_is_dashed():
    """What stands for something outside is told apart by its line."""
    assert "rt-external" in boxes(drawn({"source": {"external": True}}))["source"][0]


def test_an_edge_leads_down_and_never_through_a_node():
    """Producers lie above consumers; boxes do not overlap."""
    nodes = {name: {} for name in "abcdefgh"}
    edges = [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"), ("a", "d"), ("d", "e"), ("f", "e")]
    told = boxes(drawn(nodes, edges))
    for above, below in edges:
        assert told[above][2][1] < told[below][2][1]
    places = [place for _, _, place in told.values()]
    for one in places:
        for other in places:
            apart = abs(one[0] - other[0]) >= one[2] or abs(one[1] - other[1]) >= one[3]
            assert one is other or apart


def test_data_that_did_not_fit_marks_its_edge():
    """The edge is dashed and crossed, and names what does not fit."""
    edge = {"from_node": "a", "node": "b", "fits": False, "note": "a.x → b.y"}
    root = ET.fromstring(svg({"a": {}, "b": {}}, [edge]))
    group = next(one for one in root.findall("s:g", NS) if "rt-unfit" in one.get("class"))
    assert group.find("s:title", NS).text == "a.x → b.y"
    assert group.find("s:text", NS).text == "✗"


def test_a_long_name_is_cut_in_its_middle_and_told_whole():
    """Both ends stay, for siblings differ there; the whole name is a tooltip."""
    name = "Tabular" * 6 + "_calibration"
    ((title, (_, texts, _)),) = boxes(drawn({name: {}})).items()
    assert title == name
    assert texts[0].startswith("TabularTabular")
    assert texts[0].endswith("_calibration")
    assert "…" in texts[0]
    assert len(texts[0]) < len(name)


def test_the_picture_says_what_it_shows_to_those_who_do_not_see_it():
    """The title counts nodes by word."""
    root = drawn({"a": {"outcome": "passed"}, "b": {"outcome": "timed_out"}}, title="churn")
    assert root.get("role") == "img"
    assert root.find("s:title", NS).text == "churn: 1 passed, 1 timed out"


def test_names_are_never_markup():
    """A node may be called anything."""
    name = "<script>\"&'</script>"
    assert list(boxes(drawn({name: {}}))) == [name]


@given(name=st.text(min_size=1), output=st.text(min_size=1))
def test_any_name_gives_a_picture_that_can_be_parsed(name, output):
    """Signs that XML does not allow are replaced; all others stand as they are."""
    there = {name: {"state": "passed", "took": output}, f"{name}2": {}}
    edge = {"from_node": name, "node": f"{name}2", "wires": [(output, "x")]}
    root = ET.fromstring(svg(there, [edge], title=name))
    assert len(root.findall("s:g", NS)) == 3


def test_siblings_lie_in_the_order_given():
    """Twelve of one kind are not shuffled: the tenth comes after the ninth."""
    names = [f"shard_{place}" for place in range(12)]
    told = boxes(drawn({"load": {}} | {name: {} for name in names}, [("load", n) for n in names]))
    down = [told[name][2][1] for name in names]
    assert down == sorted(down)


@pytest.mark.parametrize("count", [0, 1, 30, 80])
def test_all_sizes_fit_their_frame(count):
    """From nothing to all that is drawn one by one everything lies inside of the picture."""
    names = [f"node{place}" for place in range(count)]
    edges = [(names[place // 3], names[place]) for place in range(1, count)]
    root = drawn({name: {} for name in names}, edges)
    width, height = (float(root.get(side)) for side in ("width", "height"))
    assert root.get("viewBox") == f"0 0 {width:g} {height:g}"
    told = boxes(root)
    assert len(told) == count
    for _, _, (x, y, wide, high) in told.values():
        assert 0 <= x <= x + wide <= width
        assert 0 <= y <= y + high <= height


def test_a_wide_pipeline_is_laid_on_its_side():
    """Thirty nodes below one would be wider than any page: they lie beneath each other."""
    names = [f"model_number_{place}" for place in range(30)]
    root = drawn({"data": {}} | {name: {} for name in names}, [("data", name) for name in names])
    assert float(root.get("width")) < 1400


@given(seed=st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=20, unique=True))
def test_the_same_pipeline_gives_the_same_picture(seed):
    """Nothing is left to chance, and edges to nodes that are not there are left out."""
    nodes = {f"n{place}": {} for place in range(8)}
    edges = [{"from_node": f"n{a}", "node": f"n{b}"} for a, b in seed if a < b]
    text = svg(nodes, edges)
    assert text == svg(nodes, edges)
    assert text.count("<polygon") == sum(b < 8 for a, b in seed if a < b)
    assert not re.search(r"\bid=", text)


@pytest.mark.parametrize(("count", "effort"), [(150, "balanced"), (151, "fast")])
def test_many_edges_are_laid_out_with_less_effort(monkeypatch, count, effort):
    """A thicket would cost minutes, and looks no better for it."""
    asked = []
    layout = graphlay.layout

    def listening(graph, options):
        asked.append(options["effort"])
        return layout(graph, options=options)

    monkeypatch.setattr(graphlay, "layout", listening)
    nodes = {f"n{place}": {} for place in range(26)}
    pairs = [(above, below) for above in range(11) for below in range(11, 26)][:count]
    svg(nodes, [{"from_node": f"n{above}", "node": f"n{below}"} for above, below in pairs])
    assert asked[0] == effort


def lines(root):
    """Class, tooltip and texts of each line."""
    return [
        (
            group.get("class"),
            group.find("s:title", NS).text,
            [text.text for text in group.findall("s:text", NS)],
        )
        for group in root.findall("s:g", NS)
        if "rt-edge" in group.get("class")
    ]


def wired(*wires, **more):
    edge = {"from_node": "a", "node": "b", "wires": wires, **more}
    return ET.fromstring(svg({"a": {}, "b": {}}, [edge]))


@pytest.mark.parametrize(
    ("wires", "label"),
    [
        ([("model", "model")], "model"),
        ([("out/train", "data")], "out/train → data"),
        ([("x", "y"), ("z", "w"), ("u", "v")], "3 wires"),
    ],
)
def test_an_edge_says_what_flows_along_it(wires, label):
    """One wire by the names at its ends, several by their number, and all in the tooltip."""
    ((kind, title, texts),) = lines(wired(*wires))
    assert (kind, texts) == ("rt-edge", [label])
    assert title == "\n".join(f"a.{output} → b.{name}" for output, name in wires)


def test_a_connection_that_is_only_proposed_is_drawn_apart():
    """Dashed, and marked with a question."""
    ((kind, _, texts),) = lines(wired(("x", "y"), asked=True))
    assert kind == "rt-edge rt-asked"
    assert texts == ["?", "x → y"]


def test_a_stale_node_is_hatched():
    """By lines of its own box, so that pictures beside each other share no ids."""
    root = drawn({"a": {"state": "stale"}, "b": {"outcome": "passed", "stale": True}, "c": {}})
    assert len(root.findall("s:g/s:path[@class='rt-hatch']", NS)) == 2


@given(
    names=st.lists(st.integers(0, 30), min_size=2, max_size=12, unique=True),
    label=st.text("abcdef_", min_size=1, max_size=60),
)
def test_labels_cover_no_box(names, label):
    """A label that has no room is left out."""
    nodes = {f"n{name}": {} for name in names}
    ends = list(zip(nodes, list(nodes)[1:], strict=False)) + list(
        zip(nodes, list(nodes)[2:], strict=False)
    )
    edges = [{"from_node": one, "node": two, "wires": [(label, "x")]} for one, two in ends]
    root = ET.fromstring(svg(nodes, edges))
    places = [place for _, _, place in boxes(root).values()]
    for text in root.findall("s:g/s:text[@class='rt-wire']", NS):
        x, y = float(text.get("x")), float(text.get("y"))
        right = x + 6.8 * len(text.text)
        assert x >= 0
        for left, top, wide, high in places:
            assert right <= left or left + wide <= x or y <= top or top + high <= y - 9


def test_a_thousand_nodes_are_folded_into_a_picture_that_can_be_read():
    """Groups tell how their nodes stand; what failed keeps a box of its own."""
    nodes = {f"step_{place:04}": {"state": "passed"} for place in range(1000)}
    nodes["step_0500"] = {"state": "failed"}
    names = list(nodes)
    edges = [(names[at], names[at + hop]) for hop in (1, 9, 40) for at in range(1000 - hop)]
    root = drawn(nodes, edges, title="big")
    kinds = [group.get("class") for group in root.findall("s:g", NS)]
    assert root.find("s:title", NS).text == "big: 999 passed, 1 failed"
    assert sum("rt-node" in kind for kind in kinds) <= 80
    assert boxes(root)["step_0500"][0] == "rt-node rt-bad"
    told = [texts[1] for _, texts, _ in boxes(root).values()]
    counts = [re.fullmatch(r"✓ (\d+ )?passed", text) for text in told if text != "✗ failed"]
    assert sum(int(one[1] or 1) for one in counts) == 999


def test_notebook_themes_win_over_the_system():
    """A dark notebook on a bright system is dark, and the other way round."""
    css = themes(".rt-dag")
    shades = re.findall(r"body(\S+) \.rt-dag\{--rt-paper:transparent;--rt-ink:(#\w+)", css)
    assert shades == [
        ("[data-jp-theme-light=true]", "#1f2328"),
        ("[data-jp-theme-light=false]", "#e6edf3"),
        (".vscode-light", "#1f2328"),
        (".vscode-dark", "#e6edf3"),
        (".vscode-high-contrast", "#e6edf3"),
        (".vscode-high-contrast-light", "#1f2328"),
    ]
