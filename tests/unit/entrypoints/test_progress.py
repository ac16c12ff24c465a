"""What a run tells line by line while it is on."""

from tests.support.builders import envelopes
from tests.support.told_runs import UNFIT, begun, checked, run_started

from runthrough.core.values.outcomes import SeamResult
from runthrough.entrypoints.cli.progress import Progress


class Paper:
    """A screen that keeps its lines."""

    def __init__(self):
        self.lines = []

    def line(self, *pieces):
        self.lines.append(
            "".join(piece if isinstance(piece, str) else piece[0] for piece in pieces)
        )


def told(result):
    """The lines about one connection."""
    paper = Paper()
    progress = Progress(paper)
    for envelope in envelopes([*begun(), run_started(), checked(result)])[-1:]:
        progress.told(envelope)
    return paper.lines


def test_what_does_not_fit_is_told_at_once_and_what_is_doubtful_later():
    """A warning beside an error is no second error; the table that follows tells both."""
    (error,) = UNFIT.issues
    doubt = error.model_copy(update={"severity": "warning", "message": "columns are many"})
    both = UNFIT.model_copy(update={"issues": (error, doubt)})
    assert told(both) == [f"✗ {error.message}"]
    assert told(SeamResult(compatible=True, issues=(doubt,))) == []
