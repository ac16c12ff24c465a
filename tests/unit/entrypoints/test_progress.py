"""What a run tells line by line while it is on."""

from tests.support.builders import envelopes
from tests.support.told_runs import UNFIT, begun, checked, run_started

from runthrough.core.values.outcomes import SeamResult
from runthrough.entrypoints.cli.progress import Progress, draw_outdated, reused_words


class Paper:
    """A screen that keeps its lines."""

    def __init__(self):
        self.lines = []

    def line(self, *pieces):
        self.lines.append(
            "".join(piece if isinstance(piece, str) else piece[0] for piece in pieces)
        )

    def typed(self, lead, command):
        self.lines.append(f"{lead}{command}")


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


def test_what_stands_on_what_no_longer_holds_is_told_with_the_run_that_mends_it():
    """Names are quoted for a shell, and SageMaker's variables stay set."""
    paper = Paper()
    row = {"node": "b c", "above": ["a"], "text": "stands on what a left before it changed"}
    for sagemaker in (False, True):
        draw_outdated(paper, [row], sagemaker=sagemaker, typed=lambda told: f"{told} --session s")
    line = "! b c stands on what a left before it changed; runthrough run '+b c'"
    assert paper.lines == [f"{line} --session s", f"{line} --sagemaker --session s"]


def test_what_is_reused_as_it_stands_is_not_counted_as_unchanged():
    """The second count is told only where there is something to count."""
    assert reused_words(["a", "b"], ()) == "2 unchanged"
    assert reused_words(["a", "b"], {"b", "c"}) == "1 unchanged, 1 as it stands"
    assert reused_words([], {"c"}) == "0 unchanged"
