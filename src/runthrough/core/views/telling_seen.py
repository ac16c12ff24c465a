"""What a look found and nobody recorded yet, in words."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from runthrough.core.views.telling import counted

if TYPE_CHECKING:
    from runthrough.core.views.nodes import View


def seen_words(seen: "View") -> Iterator[str]:
    """What a resume would record, thing by thing; `seen` is `unrecorded` of a status."""
    nodes = (
        ("pending_again", "would be pending"),
        ("restored", "would be restored"),
        ("configured", "would be configured"),
    )
    for key, would in nodes:
        if number := _number(seen[key]):
            yield f"{counted(number, 'node')} {would}"
    things = (
        ("inputs_changed", "input", "changed"),
        ("scripts_edited", "script", "edited"),
        ("modules_edited", "module", "edited"),
    )
    for key, thing, what in things:
        if number := _number(seen[key]):
            yield f"{counted(number, thing)} {what}"


def _number(value: object) -> int:
    """A count, or how many there are."""
    if isinstance(value, list):
        return len(value)
    return value if isinstance(value, int) else 0
