"""What is told of scripts' contents: made once, remembered here and in a cache."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import TypeVar

from pydantic import JsonValue, TypeAdapter, ValidationError

from runthrough.adapters.discovery.collecting import CollectingLater
from runthrough.adapters.discovery.listings import Listings
from runthrough.adapters.discovery.local_modules import local_modules
from runthrough.adapters.discovery.reading_cache import ReadingCache
from runthrough.adapters.discovery.sources import (
    FaultError,
    ParsedScript,
    ScriptText,
    parse_script,
    parse_text,
    read_script,
)
from runthrough.adapters.discovery.stamps import Holds, Remembered
from runthrough.core.values.requirements import ScriptRequirements

KEPT = 16_384
"""Texts, facts and needs remembered: more than a pipeline of 10,000 nodes has, some KB each."""
NO_NEEDS = ScriptRequirements()
Values = Mapping[str, JsonValue]


@cache
def _facts_adapter() -> TypeAdapter[ParsedScript]:
    """Built on the first use: most commands read no script."""
    return TypeAdapter(ParsedScript)


@dataclass(frozen=True, slots=True)
class _Local:
    """A local module that a script imports."""

    name: str
    """As the script imports it."""
    text: ScriptText


class Readings:
    """Reads scripts; what did not change is read once."""

    def __init__(self, listings: Listings, cache: ReadingCache | None) -> None:
        """Remember readings here, and where there is a `cache` for the next process."""
        self._listings = listings
        self._cache = cache
        self._texts = Remembered(read_script, limit=KEPT, holds=listings.holds)
        self._facts: dict[str, ParsedScript] = {}
        self._needs: dict[bytes, ScriptRequirements] = {}
        self.parsed = 0
        """Scripts parsed so far for what they tell by themselves."""

    @property
    def holds(self) -> Holds | None:
        """Which absolute paths may be touched; `None` where all may be."""
        return self._listings.holds

    def text(self, path: str) -> ScriptText | None:
        """The content of the script at an absolute path; `None` when no regular file is there."""
        return self._texts.of(path)

    def facts(self, text: ScriptText) -> ParsedScript:
        """What a script's content tells by itself."""
        if text.fault is not None:
            return parse_script(text)
        known = self._facts.get(text.sha)
        if known is None:
            known = self._cached_facts(text)
            _keep(self._facts, text.sha, known)
        return known

    def needs(
        self, path: str, text: ScriptText, *, job_args: Values, environ_vars: Values
    ) -> ScriptRequirements:
        """What the script at an absolute path needs with these arguments and variables."""
        facts = self.facts(text)
        if facts.fault is not None:
            return NO_NEEDS
        local = self._local(path, facts)
        made_of = _made_of(text, local, job_args, environ_vars)
        known = self._needs.get(made_of)
        if known is None:
            known = self._cached_needs(made_of, text, local, job_args, environ_vars)
            _keep(self._needs, made_of, known)
        return known

    def _found(self, made_of: bytes, read: Callable[[bytes], "Made"]) -> "Made | None":
        """What an earlier process kept; `None` where nothing is, or of another shape."""
        stored = self._cache.find(made_of) if self._cache else None
        if stored is None:
            return None
        try:
            return read(stored)
        except ValidationError:
            return None

    def _cached_facts(self, text: ScriptText) -> ParsedScript:
        made_of = f"facts {text.sha}".encode()
        known = self._found(made_of, _facts_adapter().validate_json)
        if known is not None:
            return known
        facts = parse_script(text)
        self.parsed += 1
        if self._cache:
            self._cache.keep(made_of, json.dumps(asdict(facts)).encode())
        return facts

    def _cached_needs(
        self,
        made_of: bytes,
        text: ScriptText,
        local: tuple[_Local, ...],
        job_args: Values,
        environ_vars: Values,
    ) -> ScriptRequirements:
        known = self._found(made_of, ScriptRequirements.model_validate_json)
        if known is not None:
            return known
        needs = _read(text, local, job_args, environ_vars)
        if self._cache:
            self._cache.keep(made_of, needs.model_dump_json(exclude_defaults=True).encode())
        return needs

    def _local(self, path: str, facts: ParsedScript) -> tuple[_Local, ...]:
        if not facts.modules:
            return ()
        found = local_modules(
            path,
            facts.modules,
            relative_level=facts.relative_level,
            listings=self._listings,
        )
        texts = ((name, self.text(file)) for name, file in found.items())
        return tuple(_Local(name, text) for name, text in texts if text and text.fault is None)


def _read(
    text: ScriptText, local: tuple[_Local, ...], job_args: Values, environ_vars: Values
) -> ScriptRequirements:
    # The reader is half of this package, and most commands know the needs from the log.
    from runthrough.adapters.discovery.reading import read_needs  # noqa: PLC0415 - as said

    parsed = parse_text(text.content)
    modules = {}
    for each in local:
        try:
            modules[each.name] = parse_text(each.text.content).tree
        except FaultError:
            continue  # the script will fail at its import; its own needs are still told
    with CollectingLater():
        return read_needs(
            parsed.tree,
            job_args=job_args,
            environ_vars=environ_vars,
            parser_calls=parsed.survey.parser_calls,
            modules=modules,
        )


def _made_of(
    text: ScriptText, local: tuple[_Local, ...], job_args: Values, environ_vars: Values
) -> bytes:
    """What makes two readings equal; values of the node are in it as a hash only."""
    known = json.dumps([dict(job_args), dict(environ_vars)], sort_keys=True).encode()
    modules = "".join(f" {each.name}={each.text.sha}" for each in local)
    return b"needs " + hashlib.sha256(f"{text.sha}{modules} ".encode() + known).digest()


Of = TypeVar("Of")
Made = TypeVar("Made")


def _keep(kept: dict[Of, Made], key: Of, value: Made) -> None:
    while len(kept) >= KEPT:
        kept.pop(next(iter(kept)))
    kept[key] = value
