"""Parts of a tree that know where they stand, for formats of which only some keys are read."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from pydantic import JsonValue

from runthrough.adapters.pipeline_files.marked import Marked
from runthrough.errors import PipelineFileError


@dataclass(frozen=True, slots=True)
class Located:
    """A value of a file, with the way that leads to it from the top."""

    tree: Marked
    file: str
    """As the user wrote it."""
    way: str = ""
    """`Steps.2.Name`; empty at the top."""

    def __contains__(self, key: object) -> bool:
        return isinstance(self.tree.value, dict) and key in self.tree.value

    def refuse(self, reason: str, fix: str | None = None) -> NoReturn:
        """Tell what is wrong with this value.

        Raises:
            PipelineFileError: Always.
        """
        place = self.tree.mark
        told = f"{self.way}: {reason}" if self.way else reason
        raise PipelineFileError(self.file, told, line=place.line, column=place.column, fix=fix)

    @property
    def plain(self) -> JsonValue:
        """The value without its places."""
        return self.tree.plain

    def maybe(self, *keys: str) -> "Located | None":
        """What stands below these keys; `None` where one of them is absent or null."""
        here = self
        for key in keys:
            children = here.mapping()
            if key not in children:
                return None
            here = children[key]
        return here

    def need(self, key: str) -> "Located":
        """What stands below a key that must be there.

        Raises:
            PipelineFileError: It is absent, or null.
        """
        found = self.maybe(key)
        return self.refuse(f"the key {key!r} is missing") if found is None else found

    def text(self) -> str:
        """The value, a text that is not empty.

        Raises:
            PipelineFileError: It is something else.
        """
        value = self.tree.value
        if not isinstance(value, str) or not value:
            self.refuse("this must be a text that is not empty")
        return value

    def mapping(self) -> "dict[str, Located]":
        """The values of a mapping that are not null, by their keys.

        Raises:
            PipelineFileError: It is something else.
        """
        if not isinstance(self.tree.value, dict):
            self.refuse("this must be a mapping")
        return {
            key: Located(child, self.file, f"{self.way}.{key}" if self.way else key)
            for key, child in self.tree.value.items()
            if child.value is not None
        }

    def sequence(self) -> "list[Located]":
        """The values of a list.

        Raises:
            PipelineFileError: It is something else.
        """
        if not isinstance(self.tree.value, list):
            self.refuse("this must be a list")
        return [
            Located(child, self.file, f"{self.way}.{number}")
            for number, child in enumerate(self.tree.value)
        ]

    def children(self) -> "Iterator[Located]":
        """What stands directly below, in its order; nothing below a single value."""
        if isinstance(self.tree.value, dict):
            yield from self.mapping().values()
        elif isinstance(self.tree.value, list):
            yield from self.sequence()
