"""Pictures for pages: links, and a style that the page serves itself."""

from xml.etree import ElementTree as ET

from runthrough.entrypoints.drawing import Links, look, picture, stylesheet, svg

NODES = {name: {"state": "ready"} for name in ("a", "b", "c")}
EDGES = [
    {"from_node": "a", "node": "b", "wires": [["x", "y"]], "asked": True},
    {"from_node": "b", "node": "c", "wires": [["x", "y"]]},
]
LINKS = Links(node=lambda node: f"/{node}", asked=lambda above, node: f"#{above}-{node}")


def test_nodes_and_asked_lines_lead_where_the_page_says():
    """What is settled on a line leads nowhere."""
    links = picture(NODES, EDGES, links=LINKS).findall("a")
    assert [link.get("href") for link in links] == ["#a-b", "/a", "/b", "/c"]


def test_a_picture_with_links_is_no_image():
    """Screen readers do not tell the links of an image."""
    assert picture(NODES, EDGES, links=LINKS).get("role") == "graphics-document"
    assert picture(NODES, EDGES).get("role") == "img"


def test_a_group_of_nodes_leads_nowhere():
    """It has no form of its own, and its lines none of their proposals."""
    many = {f"n{place}": {"state": "ready"} for place in range(200)}
    edges = [
        {"from_node": "n0", "node": name, "wires": [["x", "y"]], "asked": True}
        for name in list(many)[1:]
    ]
    root = picture(many, edges, links=LINKS)
    groups = [one for one in root.iter("g") if "rt-many" in one.get("class", "")]
    assert groups
    linked = {id(one) for link in root.iter("a") for one in link}
    assert not [one for one in groups if id(one) in linked]
    assert all(not (link.get("href") or "").startswith("#") for link in root.iter("a"))


def test_a_picture_without_a_style_has_that_of_the_page():
    """A page whose policy forbids styles inside of it serves the same rules as a file."""
    bare = svg(NODES, EDGES, styled=False)
    assert "<style" not in bare
    assert "style=" not in bare
    (own,) = ET.fromstring(svg(NODES, EDGES)).iter("{http://www.w3.org/2000/svg}style")
    assert own.text == stylesheet(".rt-dag")
    assert f"--rt-{look('failed')[1]}:" in stylesheet(":root")
