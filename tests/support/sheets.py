"""What a session of four nodes should hold, kept in plain dictionaries by the simplest rules.

Nothing here knows how the program decides: a test compares both.
"""

from collections.abc import Collection, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

NEEDS = {
    "load": {("input", "raw")},
    "train": {("input", "table"), ("arg", "depth")},
    "score": {("input", "scored"), ("env", "MODE")},
    "aside": {("arg", "depth")},
    "other": {("arg", "depth"), ("env", "PACE")},
    "extra": {("arg", "depth")},
}
"""Script → what it needs."""
SCRIPTS = {"Load": "load", "Train": "train", "Score": "score", "Aside": "aside"}
"""Node of the first pipeline → the script that it runs."""
DECLARED = {"Aside": "aside", "Beside": "aside", "Extra": "extra"}
"""Node that a pipeline may have or not → the script that it declares for it."""
DEPTH = ("arg", "depth")
"""What a pipeline may say of such a node."""
ROW = ("Load", "Train", "Score")
EDGES = (("Load", "Train"), ("Train", "Score"))
INPUTS = {"Load": "raw", "Train": "table", "Score": "scored"}
"""Node → its only input."""
OUTPUTS = {"Load": "table", "Train": "weights"}
"""Node → the output that the next one may take."""
FOUND = "input/Load/raw"
"""A file that an input is taken from when it lies there."""
PLACES = {"Load": "outside.csv", "Train": "model.csv"}
"""Node → what it provides once it stands for something outside."""
ABOVE = {target: source for source, target in EDGES}
BELOW = dict(EDGES)

Files = Mapping[str, str | None]
"""Path → content; `None` where nothing is."""


class Refused(Exception):  # noqa: N818 - it is no error of the test
    """The command changes nothing, for this reason; `partly` when some answers are kept."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


@dataclass(frozen=True)
class Answer:
    """What a person says of one node; inputs are paths or `@Node.output`."""

    node: str
    given: Mapping[tuple[str, str], Any]
    partial: bool = False
    replace: bool = False

    def part(self, kind: str) -> dict[str, Any] | None:
        """The values of one kind; `None` when nothing is said of it."""
        values = {name: value for (of, name), value in self.given.items() if of == kind}
        return values or ({} if self.replace and kind == "input" else None)


@dataclass
class Sheet:
    """The configuration of all nodes."""

    scripts: dict[str, str] = field(default_factory=lambda: dict(SCRIPTS))
    bound: set[str] = field(default_factory=set)
    values: dict[str, dict[tuple[str, str], Any]] = field(
        default_factory=lambda: {node: {} for node in SCRIPTS}
    )
    """Node → kind and name → value, whether it is accepted or a draft."""
    outside: dict[str, dict[str, str]] = field(default_factory=dict)
    wires: dict[str, str] = field(default_factory=dict)
    """Node → `accepted` or `confirmed`: whose word feeds its input from the node above."""
    asked: set[str] = field(default_factory=set)
    """Nodes of which it is asked whether the node above feeds them."""
    rejected: set[str] = field(default_factory=set)
    """Nodes of which a person said that it does not."""
    declared: dict[str, int | None] = field(default_factory=lambda: {"Aside": None})
    """Node that the pipeline need not have → the depth that it says, if it says one."""

    def copy(self) -> "Sheet":
        """Another one that can be changed."""
        return deepcopy(self)

    # ---- what people do

    def configure(self, answer: Answer, files: Files) -> None:
        """Merge answers over what is there, if then nothing is missing or they may be partial."""
        self._scripted(answer.node)
        wrong = {key for key, value in answer.given.items() if self._wrong(key, value, files)}
        tried = self.copy()
        tried._merge(answer, files)
        if not tried.lacks(answer.node, files):
            self.__dict__.update(tried.__dict__)
        elif not answer.partial:
            raise Refused("ConfigurationInvalidError")
        else:
            left = {key: value for key, value in answer.given.items() if key not in wrong}
            if left or not wrong:
                self._merge(replace(answer, given=left), files)
            if wrong:
                raise Refused("ConfigurationInvalidError")

    def clear(self, node: str, files: Files) -> None:
        """Take all answers away."""
        self._scripted(node)
        self.values[node] = self._by_pipeline(node)
        self._unwire(node)
        self.rejected.discard(node)
        self.settle(node, files)

    def connect(self, node: str, files: Files) -> None:
        """Feed the input from the node above."""
        self._scripted(node)
        if self._absent(ABOVE[node], files):
            raise Refused("ConfigurationInvalidError")
        self._wire(node)
        self.settle(node, files)

    def confirm(self, node: str, files: Files) -> None:
        """Take what is asked about, or what holds already."""
        self._scripted(node)
        if node not in self.asked and node not in self.wires:
            raise Refused("CommandRefusedError")
        self._wire(node)
        self.settle(node, files)

    def reject(self, node: str, files: Files) -> None:
        """Say no to what is asked about, or to what holds already."""
        self._scripted(node)
        if node not in self.asked and node not in self.wires:
            raise Refused("CommandRefusedError")
        self._unwire(node)
        self.rejected.add(node)
        self.settle(node, files)

    def disconnect(self, node: str, files: Files) -> None:
        """Take a connection away."""
        if node not in self.wires:
            raise Refused("CommandRefusedError")
        self.reject(node, files)

    def bind(self, node: str, script: str, files: Files) -> None:
        """Choose the script; the answers stay."""
        self._scripted(node)
        self.scripts[node] = script
        self.bound.add(node)
        self.settle(node, files)

    def mark_external(self, node: str, files: Files) -> None:
        """Let the node stand for something outside; nothing feeds it any more."""
        given = {OUTPUTS[node]: PLACES[node]} if node in PLACES else {}
        self.outside[node] = {**self.outside.get(node, {}), **given}
        self.bound.discard(node)
        self._unwire(node)
        self.settle(node, files)

    def mark_internal(self, node: str, files: Files) -> None:
        """Let it run the script that its name leads to."""
        if node not in self.outside:
            raise Refused("CommandRefusedError")
        del self.outside[node]
        self.scripts[node] = {**SCRIPTS, **DECLARED}[node]
        self.settle(node, files)

    def update(
        self, declared: Mapping[str, int | None], renamed: Mapping[str, str], files: Files
    ) -> None:
        """Take another pipeline; values that were the pipeline's follow it."""
        if not renamed and declared == self.declared:
            raise Refused("CommandRefusedError")
        for old, new in renamed.items():
            self._move(self, old, new)
            self._drop(old)
        for node in self.declared.keys() - declared.keys():
            self._drop(node)
        before, self.declared = self.declared, dict(declared)
        for node in declared:
            if node not in self.values:
                self.scripts[node], self.values[node] = DECLARED[node], self._by_pipeline(node)
            elif node not in self.outside and self.values[node].get(DEPTH) == before[node]:
                self.values[node].pop(DEPTH, None)
                self.values[node].update(self._by_pipeline(node))
        self.settle_all(files)

    def go_back(self, to: "Sheet", files: Files) -> None:
        """Let each node that differs be as it was; what its place offers today counts."""
        self.declared = dict(to.declared)
        for node in self.values.keys() - to.values.keys():
            self._drop(node)
        back = [node for node in to.values if self._of(node) != to._of(node)]
        for node in back:
            self._drop(node)
            self._move(to, node, node)
        for node in back:
            self.settle(node, files)

    # ---- what follows by itself

    def settle(self, node: str, files: Files) -> None:
        """Feed what needs no person, of a node and of the one below."""
        for name in (node, BELOW.get(node)):
            if name in self.values:
                self._feed(name, files)

    def settle_all(self, files: Files) -> None:
        """Feed what needs no person, of all nodes."""
        for node in self.values:
            self._feed(node, files)

    def lacks(self, node: str, files: Files) -> Collection[tuple[str, str]]:
        """What a node needs and has not; nothing for what stands for something outside."""
        if node in self.outside:
            return ()
        there = self.values[node]
        lacking = {key for key in NEEDS[self.scripts[node]] if key not in there}
        name = ("input", INPUTS.get(node, ""))
        if node in self.wires and not self._absent(ABOVE[node], files):
            lacking.discard(name)
        if name in there and not files.get(there[name]):
            lacking.add(name)
        return lacking

    # ---- how it is done

    def _move(self, other: "Sheet", old: str, new: str) -> None:
        """Take over what a sheet has of a node."""
        self.scripts[new], self.values[new] = other.scripts[old], dict(other.values[old])
        if old in other.declared:
            self.declared[new] = other.declared[old]
        if old in other.outside:
            self.outside[new] = dict(other.outside[old])
        if old in other.wires:
            self.wires[new] = other.wires[old]
        for mine, theirs in ((self.bound, other.bound), (self.rejected, other.rejected)):
            mine.update({new} if old in theirs else ())

    def _drop(self, node: str) -> None:
        """Forget a node."""
        for told in (self.scripts, self.values, self.outside, self.wires, self.declared):
            told.pop(node, None)
        for names in (self.bound, self.rejected, self.asked):
            names.discard(node)

    def _by_pipeline(self, node: str) -> dict[tuple[str, str], Any]:
        depth = self.declared.get(node)
        return {} if depth is None else {DEPTH: depth}

    def _of(self, node: str) -> tuple[Any, ...]:
        """All that people and rules made of one node; questions are none of it."""
        given, outside = self.values.get(node), self.outside.get(node)
        script = self.scripts.get(node), node in self.bound
        return given, outside, script, self.wires.get(node), node in self.rejected

    def _scripted(self, node: str) -> None:
        if node not in self.values:
            raise Refused("UnknownNodeError")
        if node in self.outside:
            raise Refused("CommandRefusedError")

    def _absent(self, source: str, files: Files) -> bool:
        """Whether a node that stands for something outside has nothing there."""
        return source in self.outside and not files.get(PLACES[source])

    def _wrong(self, key: tuple[str, str], value: Any, files: Files) -> bool:
        if key[0] != "input":
            return False
        if value.startswith("@"):
            return self._absent(value[1:].partition(".")[0], files)
        return not files.get(value)

    def _merge(self, answer: Answer, files: Files) -> None:
        node, there = answer.node, self.values[answer.node]
        for kind in ("input", "env", "arg"):
            if answer.replace and answer.part(kind) is not None:
                self.values[node] = there = {k: v for k, v in there.items() if k[0] != kind}
                if kind == "input":
                    self._unwire(node)
        for key, value in answer.given.items():
            if key[0] != "input":
                there[key] = value
            elif value.startswith("@"):
                self._wire(node)
            else:
                there[key] = value
                self._unwire(node)
        self.settle(node, files)

    def _wire(self, node: str) -> None:
        self.values[node].pop(("input", INPUTS[node]), None)
        self.wires[node] = "confirmed"
        self.asked.discard(node)
        self.rejected.discard(node)

    def _unwire(self, node: str) -> None:
        self.wires.pop(node, None)
        self.asked.discard(node)

    def _feed(self, node: str, files: Files) -> None:
        if node in self.outside or node not in INPUTS:
            return
        given = ("input", INPUTS[node]) in self.values[node] or node in self.wires
        if node == "Load" and not given and files.get(FOUND):
            self.values[node]["input", "raw"] = FOUND
        elif given or node in self.rejected:
            self.asked.discard(node)
        elif node == "Train":
            self.wires[node] = "accepted"
        elif node == "Score":
            self.asked.add(node)
