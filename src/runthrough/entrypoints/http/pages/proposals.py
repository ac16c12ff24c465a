"""What a person is asked about connections, as the list beside the picture tells it."""

from collections.abc import Iterable

from runthrough.core.state import SessionState
from runthrough.core.values.ids import NodeName
from runthrough.core.views.nodes import View
from runthrough.entrypoints.http.pages.fields import anchor


def proposals(state: SessionState, wires: Iterable[View]) -> list[View]:
    """What is proposed, with the place in the page of the line that it is about.

    Beside the keys of `views.nodes.connection_views`: target; source, without a sub-folder where
    one is to be chosen; choices, these sub-folders; chosen, whether a person is to choose, so that
    nobody is led to confirm it; anchor.
    """
    return [_proposal(state, wire) for wire in wires if wire["status"] == "proposed"]


def _proposal(state: SessionState, wire: View) -> View:
    node, name = NodeName(str(wire["node"])), str(wire["input"])
    listed = wire["subpath_choices"]
    choices = [*listed] if isinstance(listed, list) and len(listed) > 1 else []
    folder = f"/{wire['subpath']}" if wire["subpath"] and not choices else ""
    # What was seen only now is not recorded yet, and is confirmed by nobody.
    asked = state.proposals.get(node, {}).get(name)
    return {
        **wire,
        "target": f"{node}.{name}",
        "source": f"{wire['from_node']}.{wire['output']}{folder}",
        "choices": choices,
        "chosen": asked is None or asked.is_choice(state.rejected.get(node, ())),
        "anchor": anchor("asked", str(wire["from_node"]), node),
    }
