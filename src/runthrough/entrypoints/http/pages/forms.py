"""The form of one node: what it needs and has, from its questions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runthrough.application.asking import Overview
from runthrough.application.session import Session
from runthrough.core.values.paths import WORKSPACE, record
from runthrough.core.values.paths import shown as shown_path
from runthrough.core.views.nodes import View
from runthrough.core.views.questions import Question
from runthrough.core.views.rows import rows_of
from runthrough.entrypoints.http.pages.fields import Field, Wrong, fields_of, placed


@dataclass(frozen=True, slots=True)
class NodeForm:
    """What is asked about one node, and what else is known of it."""

    node: str
    row: View
    """Its row in the work list."""
    external: bool
    script: str | None
    """Where its script lies, as people are told."""
    purpose: str
    """What its script is for, as far as it says."""
    asked_script: Question | None
    """Which script it runs, where that is asked or may be chosen."""
    needed: Sequence[Field]
    """What a person is waited for."""
    others: Sequence[Field]
    """What is answered, and what the node can do without."""
    loose: Sequence[Wrong]
    """What is wrong with no field of its own."""
    provides: Mapping[str, str]
    """Of an external node: output → path."""
    timeout_s: float | None
    notes: str
    version: int
    """What the form is based on."""
    typed: Mapping[str, str]
    folder: str
    """Where relative paths start; empty where this host does not know it."""

    @property
    def opened(self) -> bool:
        """Whether the other fields are seen at once."""
        return not self.needed or any(field.wrong for field in self.others)

    @property
    def takes_paths(self) -> bool:
        """Whether one of its fields takes a path."""
        return any(field.takes_path for field in (*self.needed, *self.others))

    @property
    def first_wrong(self) -> str | None:
        """The field that is gone on with: the first that is wrong."""
        fields = (*self.needed, *self.others)
        return next((field.anchor for field in fields if field.wrong), None)


def node_form(
    session: Session,
    overview: Overview,
    typed: Mapping[str, str],
    problems: Sequence[View],
) -> NodeForm | None:
    """The form of the node that is asked about; `None` where there is none."""
    if overview.node is None:
        return None
    there = session.state.nodes[overview.node]
    about = session.particulars.scripts.get(overview.node)
    spec = there.spec or there.draft
    fields = fields_of(overview.questions, typed=typed, problems=problems)
    return NodeForm(
        node=overview.node,
        row=next(r for r in rows_of(overview.status["worklist"]) if r["node"] == overview.node),
        external=there.external,
        script=shown_path(there.script.path) if there.script else None,
        purpose=about.description if about and about.description else "",
        asked_script=next((q for q in overview.questions if q.kind == "script"), None),
        needed=[field for field in fields if field.needed],
        others=[field for field in fields if not field.needed],
        loose=placed(problems, fields),
        provides={name: shown_path(path) for name, path in there.external_outputs.items()},
        timeout_s=spec.timeout_s if spec else None,
        notes=(spec.user_notes or "") if spec else "",
        version=session.version,
        typed=typed,
        folder=_workspace(session),
    )


def _workspace(session: Session) -> str:
    folder = session.locate(record(WORKSPACE, "."))
    return folder if folder.startswith("/") else ""
