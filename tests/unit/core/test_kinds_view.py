"""What people call the kinds of events."""

import pytest

from runthrough.core.views.history import event_types
from runthrough.core.views.kinds import kind_words


@pytest.mark.parametrize("kind", event_types())
def test_every_kind_of_event_has_words_for_people(kind):
    """Small ones with blanks between them, and not the name of a type."""
    told = kind_words(kind)
    assert told == told.strip().lower()
    assert told.replace(" ", "").isalpha()


def test_no_two_kinds_have_the_same_words():
    """So that one is chosen by its words."""
    assert len({kind_words(kind) for kind in event_types()}) == len(event_types())
