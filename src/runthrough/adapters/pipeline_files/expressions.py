"""The expressions of a SageMaker definition: `Get`, `Std:Join`, and what they come to here."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from runthrough.adapters.pipeline_files.located import Located
from runthrough.adapters.pipeline_files.texts import did_you_mean

_STEP = re.compile(r"Steps\.([^.\[]+)\.?(.*)")
JOIN = "Std:Join"
_FUNCTIONS = ("Get", "Std:")
"""How the one key of an expression begins."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A property of a step, known when that step has run."""

    step: str
    path: str
    """`ModelArtifacts.S3ModelArtifacts`."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """What only an execution in the cloud knows: a parameter without default, its name, a time."""

    what: str


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an expression comes to, as far as it can be known here."""

    parts: tuple[JsonValue | Reference | Unknown, ...]

    @property
    def known(self) -> bool:
        """Whether all of it is known."""
        return not any(isinstance(part, (Reference, Unknown)) for part in self.parts)

    @property
    def value(self) -> JsonValue:
        """A known value: as it was written where it stands alone, else the joined text."""
        if len(self.parts) == 1 and not isinstance(self.parts[0], (Reference, Unknown)):
            return self.parts[0]
        return self.text

    @property
    def text(self) -> str:
        """The parts as one text; what is unknown is named in it, so that equal ones are equal."""
        return "".join(_text(part) for part in self.parts)

    @property
    def source(self) -> tuple[Reference, str | None] | None:
        """The reference that a path begins with and what it adds to it; `None` for other paths.

        What is added must be known and lead further down: `/train`.
        """
        if not self.parts or not isinstance(self.parts[0], Reference):
            return None
        added = Meaning(self.parts[1:])
        subpath = added.text.strip("/")
        below = not added.text or added.text.startswith("/")
        if not added.known or not below or ".." in subpath.split("/"):
            return None
        return self.parts[0], subpath or None


def _text(part: JsonValue | Reference | Unknown) -> str:
    match part:
        case Reference(step, path):
            return f"${{Steps.{step}.{path}}}"
        case Unknown(what):
            return f"${{{what}}}"
        case bool():
            return "true" if part else "false"
        case _:
            return str(part)


class Expressions:
    """Reads expressions; a parameter or step that there is not is refused where it is named."""

    def __init__(self, parameters: Mapping[str, JsonValue | None], steps: Collection[str]) -> None:
        self._parameters = parameters
        """Each with its default; `None` for one without."""
        self._steps = steps

    def meaning(self, said: Located) -> Meaning:
        """What a value comes to.

        Raises:
            PipelineFileError: It names what there is not, or is no expression.
        """
        key = _function(said)
        if key is None:
            return Meaning((said.plain,))
        if key == "Get":
            return Meaning((self._got(said.need("Get")),))
        if key == JOIN:
            return self._joined(said.need(JOIN))
        for _ in self.references(said):
            pass  # what is named in it must be there, whatever it comes to
        return Meaning((Unknown(key),))

    def references(self, said: Located) -> Iterator[tuple[Reference, Located]]:
        """Every property of a step that is named anywhere in a value, and where."""
        waiting = [said]
        while waiting:
            here = waiting.pop()
            if _function(here) == "Get":
                place = here.need("Get")
                found = self._got(place)
                if isinstance(found, Reference):
                    yield found, place
            else:
                waiting += reversed(list(here.children()))

    def _got(self, place: Located) -> JsonValue | Reference | Unknown:
        name = place.text()
        if name.startswith("Parameters."):
            asked = name.removeprefix("Parameters.")
            if asked not in self._parameters:
                known = did_you_mean(asked, self._parameters)
                place.refuse(f"there is no parameter {asked!r}", known)
            default = self._parameters[asked]
            return Unknown(name) if default is None else default
        step = _STEP.fullmatch(name)
        if step is None:
            return Unknown(name)
        if step[1] not in self._steps:
            known = did_you_mean(step[1], self._steps)
            place.refuse(f"there is no step {step[1]!r}", known)
        return Reference(step[1], step[2])

    def _joined(self, said: Located) -> Meaning:
        on = said.maybe("On")
        glue = on.plain if on is not None else ""
        if not isinstance(glue, str):
            said.need("On").refuse("this must be a text")
        parts: list[JsonValue | Reference | Unknown] = []
        for number, one in enumerate(said.need("Values").sequence()):
            parts += [glue] if number and glue else []
            parts += self.meaning(one).parts
        return Meaning(tuple(parts))


def _function(said: Located) -> str | None:
    """The one key of an expression; `None` for any other value."""
    value = said.tree.value
    if not isinstance(value, dict) or len(value) != 1:
        return None
    (key,) = value
    return key if key.startswith(_FUNCTIONS) else None
