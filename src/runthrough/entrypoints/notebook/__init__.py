"""What the Python door answers, shown by a notebook as tables and pictures.

Each answer is the plain list or mapping that it was, and equal to it; only a notebook asks for
more. The drawing is imported when it is asked for.
"""

from collections.abc import Sequence
from typing import Any

View = dict[str, Any]


class Worklist(list[View]):
    """The work list: a table, what needs a person first."""

    def _repr_html_(self) -> str:
        from runthrough.entrypoints.notebook.tables import worklist_html  # noqa: PLC0415 - lazy

        return worklist_html(self)


class Requirements(View):
    """What a node needs, and what it has: a table for each kind of need."""

    def _repr_html_(self) -> str:
        from runthrough.entrypoints.notebook.tables import requirements_html  # noqa: PLC0415 - lazy

        return requirements_html(self)


class Results(View):
    """How a run ended: the picture, a line for each node, and why what failed did."""

    picture: View
    """What the picture is drawn from; see `core.views.picture`."""
    failures: Sequence[View] = ()
    """The nodes that did not pass by themselves, as `core.views.report` tells them."""

    def _repr_html_(self) -> str:
        from runthrough.entrypoints.notebook.sessions import results_html  # noqa: PLC0415 - lazy

        return results_html(self, self.picture, self.failures)


class History(list[View]):
    """Who did what, when, and from what to what."""

    def _repr_html_(self) -> str:
        from runthrough.entrypoints.notebook.tables import history_html  # noqa: PLC0415 - lazy

        return history_html(self)


class Differences(list[View]):
    """What differs between two moments or sessions."""

    def _repr_html_(self) -> str:
        from runthrough.entrypoints.notebook.tables import differences_html  # noqa: PLC0415 - lazy

        return differences_html(self)
