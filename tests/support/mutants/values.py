"""Mutants that give back something else than what was appended."""

import json
import unicodedata
from dataclasses import replace
from datetime import timedelta, timezone

from tests.support.mutants.frame import breaks

from runthrough.adapters.store import codec
from runthrough.adapters.store.memory import MemoryEventStore
from runthrough.core.values.store import StoredEvent

_THERE = timezone(timedelta(hours=-3))


class Rereads(MemoryEventStore):
    """Changes rows on their way out."""

    def row(self, row: StoredEvent) -> StoredEvent:
        """What is decoded instead."""
        raise NotImplementedError

    def read(self, session_id, *, after=0, upto=None):
        for row in self._database.tables.of_session(session_id)[after:upto]:
            yield codec.decode(self.row(row))


@breaks("every_type_of_event_comes_back_equal")
class MixesUpTypes(Rereads):
    """A confirmed connection is read as an accepted one, which has the same shape."""

    def row(self, row):
        return row._replace(type=row.type.replace("Confirmed", "Accepted"))


@breaks("every_type_of_event_comes_back_equal")
class LosesTheLastEvent(Rereads):
    """The last event of a command is lost."""

    def read(self, session_id, **bounds):
        return list(super().read(session_id, **bounds))[:-1]

    def row(self, row):
        return row


@breaks("columns_come_back")
class ForgetsTheDoor(Rereads):
    """Every event came through the same door."""

    def row(self, row):
        return row._replace(door="system")


@breaks("columns_come_back")
class ForgetsTheCause(Rereads):
    """The causation id is not kept."""

    def row(self, row):
        return row._replace(causation_id=None)


@breaks("columns_that_were_left_out_come_back_empty")
class WritesEmptyTextForNull(Rereads):
    """A column that was left out is read as an empty text."""

    def row(self, row):
        return row._replace(correlation_id=row.correlation_id or "")


@breaks("times_keep_their_microseconds")
class CutsMicroseconds(Rereads):
    """Times are kept to the millisecond."""

    def row(self, row):
        return row._replace(recorded_at=f"{row.recorded_at[:-4]}Z")


@breaks("times_come_back_in_utc")
class ReadsLocalTimes(Rereads):
    """The moment is right, but told in another zone."""

    def row(self, row):
        at = codec.read_time(row.recorded_at)
        return row._replace(recorded_at=at.astimezone(_THERE).isoformat())


@breaks("text_of_any_language_comes_back")
class KnowsLatinOnly(Rereads):
    """Characters beyond Latin-1 are read as question marks."""

    def row(self, row):
        return row._replace(payload=row.payload.encode("latin-1", "replace").decode("latin-1"))


@breaks("names_of_any_language_come_back")
class FoldsNodeNames(Rereads):
    """Accents of a node's name are lost."""

    def row(self, row):
        folded = unicodedata.normalize("NFD", row.subject).encode("ascii", "ignore").decode()
        return row._replace(subject=folded or "node")


@breaks("text_is_not_normalised")
class NormalisesText(Rereads):
    """Two spellings of one letter are read as one."""

    def row(self, row):
        return row._replace(payload=unicodedata.normalize("NFC", row.payload))


@breaks("control_characters_in_payloads_come_back")
class DropsZeroBytes(Rereads):
    """A zero byte in a text is dropped."""

    def row(self, row):
        return row._replace(payload=row.payload.replace("\\u0000", ""))


@breaks("long_text_comes_back")
class CutsLongText(MemoryEventStore):
    """A text ends after 65,535 characters."""

    def read(self, session_id, **bounds):
        for envelope in super().read(session_id, **bounds):
            short = envelope.event.message[:65535]
            event = envelope.event.model_copy(update={"message": short})
            yield replace(envelope, event=event)


@breaks("numbers_come_back_exactly")
class ReadsIntegersAsFloats(Rereads):
    """Every number goes through a float."""

    def row(self, row):
        return row._replace(payload=json.dumps(json.loads(row.payload, parse_int=float)))


@breaks("mappings_keep_their_order")
class SortsNames(Rereads):
    """Payloads are kept with their names sorted."""

    def row(self, row):
        return row._replace(payload=json.dumps(json.loads(row.payload), sort_keys=True))
