"""What a person is asked about one node, one thing at a time; for every door that asks."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from runthrough.core.lifecycle import Lifecycle
from runthrough.core.values.answer_texts import SECRET
from runthrough.core.values.connections import Output
from runthrough.core.values.ids import NodeName
from runthrough.core.values.paths import WORKSPACE, record, shown
from runthrough.core.values.problems import PlaceKind, Problem, ProblemCode
from runthrough.core.values.requirements import NUMBERS, Requirement, RequirementKind
from runthrough.core.values.secrets import named_like_a_secret
from runthrough.core.views.candidates import (
    Asking,
    Candidate,
    files_near,
    outputs_above,
    scripts_near,
    value_text,
    values_known,
)
from runthrough.core.views.nodes import View

QuestionKind = Literal["script", "connection", "input", "environ_var", "job_arg", "output"]
"""`connection`: an output is proposed for an input."""
Key = tuple[QuestionKind, str]
"""What tells a question from the others of its node: kind, and name of the need."""

MISSING: frozenset[ProblemCode] = frozenset(
    {"INPUT_MISSING", "ENV_MISSING", "ARG_MISSING", "CONNECTION_AMBIGUOUS"}
)
"""Nothing is wrong: nothing was said yet."""
_MISNAMED: frozenset[ProblemCode] = frozenset({"INPUT_UNKNOWN", "OUTPUT_UNKNOWN", "ARG_UNKNOWN"})
"""A name that the script does not read, near one that it does: the candidates tell which."""
_ORDER: Mapping[str, int] = {
    kind: place
    for place, kind in enumerate(
        ("script", "connection", "input", "environ_var", "job_arg", "output")
    )
}
"""A script first, for it decides what else is asked; what is proposed before what is typed."""
_TEXTS: Mapping[QuestionKind, str] = {
    "script": "Which script does {} run?",
    "connection": "What feeds {}?",
    "input": "What feeds {}?",
    "environ_var": "What is {}?",
    "job_arg": "What is {}?",
    "output": "Where does {} go?",
}
_KINDS: Mapping[PlaceKind, QuestionKind] = {
    "script": "script",
    "input": "input",
    "connection": "input",
    "output": "output",
    "environ_var": "environ_var",
    "job_arg": "job_arg",
}
"""What is asked about where a problem sits."""


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to be answered about one node."""

    node: NodeName
    kind: QuestionKind
    name: str
    """Of the need; of a script the node's."""
    text: str
    description: str
    """What the need is for, as far as contract or code tell."""
    required: bool
    code: ProblemCode | None = None
    """Why it is asked; `None` where the node can do without an answer."""
    problem: str = ""
    """What is wrong with what is there, in words; empty where nothing was said yet."""
    fix: str = ""
    current: Candidate | None = None
    """What is there now."""
    candidates: tuple[Candidate, ...] = ()
    """What may be the answer, the likeliest first."""
    closed: bool = False
    """Whether the answer is one of the candidates, and nothing else."""
    chosen: bool = False
    """Whether a person is to choose, so that nobody is led to confirm the first candidate."""
    secret: bool = False
    """Whether its name says that it is a secret, so that only a secret's name answers it."""

    @property
    def key(self) -> Key:
        """What tells it from the other questions of its node."""
        return self.kind, self.name

    @property
    def reads_a_place(self) -> bool:
        """Whether a path or an output answers it, as an input's."""
        return self.kind in {"connection", "input"}

    def view(self) -> View:
        """The fields by their names."""
        return {
            "node": self.node,
            "kind": self.kind,
            "name": self.name,
            "text": self.text,
            "description": self.description,
            "required": self.required,
            "code": self.code,
            "problem": self.problem,
            "fix": self.fix,
            "current": self.current.value if self.current else None,
            "candidates": [
                {"value": c.value, "shown": c.shown, "reason": c.reason, "score": c.score}
                for c in self.candidates
            ],
            "closed": self.closed,
            "secret": self.secret,
        }


def questions(asking: Asking, *, everything: bool = False) -> tuple[Question, ...]:
    """What the node waits for, in the order in which it is best answered.

    With `everything` also what is answered, and what the node can do without.
    """
    there = asking.state.nodes[asking.node]
    if there.external:
        return ()
    found: dict[Key, Question] = {}
    problems = there.needs if there.state is Lifecycle.PENDING else ()
    for question in (*_of_problems(asking, problems), *_of_proposals(asking)):
        found.setdefault(question.key, question)
    if everything:
        fed = {name for kind, name in found if kind == "connection"}
        for need in _requirements(asking):
            if need.level != "unread" and not (need.kind == "input" and need.name in fed):
                question = _question(asking, need.kind, need.name)
                found.setdefault(question.key, question)
    return tuple(sorted(found.values(), key=lambda question: _ORDER[question.kind]))


def _requirements(asking: Asking) -> tuple[Requirement, ...]:
    read = asking.facts.requirements.needs if asking.facts.script is not None else ()
    return read or asking.particulars.needs(asking.node).needs


def _of_problems(asking: Asking, problems: Iterable[Problem]) -> Iterator[Question]:
    """One question for each thing that something is wrong with; several problems may be.

    Where a name was mistyped, the need that was meant is asked about, with what was given.
    """
    for problem in sorted(problems, key=lambda problem: problem.code not in _MISNAMED):
        kind = _KINDS.get(problem.where.kind, "script")
        given = problem.where.name or asking.node
        meant = problem.candidates[:1] if problem.code in _MISNAMED else ()
        name = asking.node if kind == "script" else (*meant, given)[0]
        if kind == "input" and name in asking.state.proposals.get(asking.node, {}):
            kind = "connection"
        question = _question(asking, kind, name, problem)
        misnamed = _current(asking, kind, given) if meant else None
        if misnamed is not None:
            likely = replace(misnamed, reason=f"given for {given}")
            question = replace(question, candidates=(likely, *question.candidates))
        yield question


def _of_proposals(asking: Asking) -> Iterator[Question]:
    """What is proposed for inputs that the node can do without is to be answered all the same."""
    for name in asking.state.proposals.get(asking.node, {}):
        yield _question(asking, "connection", name)


def _question(
    asking: Asking, kind: QuestionKind, name: str, problem: Problem | None = None
) -> Question:
    need = _need(asking, kind, name)
    choices = need.choices if need is not None and kind == "job_arg" else ()
    secret = kind in {"environ_var", "job_arg"} and named_like_a_secret(name)
    wrong = problem is not None and problem.code not in MISSING
    return Question(
        node=asking.node,
        kind=kind,
        name=name,
        text=_TEXTS[kind].format(name),
        description=_described(need),
        required=problem is not None or _is_required(need),
        code=problem.code if problem is not None else None,
        problem=problem.message if problem is not None and wrong else "",
        fix=problem.fix if problem is not None else "",
        current=_current(asking, kind, name),
        candidates=_candidates(asking, kind, name, need),
        closed=bool(choices) and not secret,
        chosen=kind == "connection" and _is_chosen(asking, name),
        secret=secret,
    )


def _is_chosen(asking: Asking, name: str) -> bool:
    proposal = asking.state.proposals.get(asking.node, {}).get(name)
    rejections = asking.state.rejected.get(asking.node, ())
    return proposal is not None and proposal.is_choice(rejections)


def _is_required(need: Requirement | None) -> bool:
    """Whether the node waits for a person without it; an output has a place of its own."""
    return need is not None and need.required and need.kind != "output"


def _need(asking: Asking, kind: QuestionKind, name: str) -> Requirement | None:
    if kind == "script":
        return None
    of: RequirementKind = "input" if kind == "connection" else kind
    return next(
        (n for n in _requirements(asking) if n.kind == of and name in (n.name, *n.aliases)), None
    )


def _described(need: Requirement | None) -> str:
    if need is None:
        return ""
    files = ", ".join(need.files[:4])
    reads = f"{'reads' if need.kind == 'input' else 'writes'} {files}" if files else ""
    number = NUMBERS[need.value_type] if need.value_type else ""
    return "; ".join(filter(None, (need.description, number, reads)))


def _candidates(
    asking: Asking, kind: QuestionKind, name: str, need: Requirement | None
) -> tuple[Candidate, ...]:
    match kind:
        case "script":
            return scripts_near(asking)
        case "output":
            return tuple(_places(asking, name))
        case "connection" | "input":
            wanted = need or Requirement(kind="input", name=name, level="required", sources=())
            return (*outputs_above(asking, wanted), *files_near(asking, wanted))
        case _:
            wanted = need or Requirement(kind=kind, name=name, level="required", sources=())
            known = values_known(asking, wanted)
            if named_like_a_secret(name):
                return tuple(c for c in known if c.value.startswith(SECRET))
            return _choices(known, wanted) if kind == "job_arg" and wanted.choices else known


def _choices(known: Iterable[Candidate], need: Requirement) -> tuple[Candidate, ...]:
    """All choices in their order, with what speaks for some of them."""
    reasons = {candidate.value: candidate.reason for candidate in known}
    texts = dict.fromkeys(value_text(need.kind, choice) for choice in need.choices)
    return tuple(Candidate(text, text, reasons.get(text, "")) for text in texts if text)


def _places(asking: Asking, name: str) -> Iterator[Candidate]:
    """A place of its own for an output, where no other node writes."""
    place = record(WORKSPACE, f"output/{asking.node}/{name}")
    yield Candidate(asking.locate(place), shown(place), "a place of its own")


def _current(asking: Asking, kind: QuestionKind, name: str) -> Candidate | None:
    """What is there now, as it is given and as it is shown."""
    there = asking.state.nodes[asking.node]
    if kind == "script":
        script = there.script
        return _now(asking.locate(script.path), shown(script.path)) if script else None
    need = _need(asking, kind, name)
    known = (name,) if need is None else (need.name, *need.aliases, name)
    spec = there.spec or there.draft
    wires = asking.state.connections.get(asking.node, {})
    for own in known:
        if kind in {"connection", "input"} and own in wires:
            return _wired(wires[own].source)
        if spec is None:
            continue
        paths = spec.output_paths if kind == "output" else spec.input_paths
        if kind in {"connection", "input", "output"} and own in paths:
            return _now(asking.locate(paths[own]), shown(paths[own]))
        values = spec.environ_vars if kind == "environ_var" else spec.job_args
        if kind in {"environ_var", "job_arg"} and own in values:
            text = value_text("job_arg" if kind == "job_arg" else "environ_var", values[own])
            return _now(text, text) if text is not None else None
    return None


def _wired(source: Output) -> Candidate:
    return _now(f"@{source}", f"@{source}")


def _now(value: str, told: str) -> Candidate:
    return Candidate(value, told, "as it is now")
