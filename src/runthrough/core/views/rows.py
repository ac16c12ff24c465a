"""Parts of a view that list things, row by row; light, since every screen reads them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import JsonValue


def rows_of(listed: "JsonValue") -> "list[dict[str, JsonValue]]":
    """What a part of a view lists, row by row."""
    return [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []
