"""What a node needs, from every source that speaks of it, and where the sources disagree."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from runthrough.core.sagemaker import is_sagemaker_variable
from runthrough.core.values.paths import shown
from runthrough.core.values.pipelines import NodeDeclaration
from runthrough.core.values.problems import Place, PlaceKind, Problem
from runthrough.core.values.requirements import (
    Drift,
    DynamicRequirement,
    Requirement,
    RequirementKind,
    RequirementSource,
    ScriptRequirements,
)
from runthrough.core.values.scripts import ScriptInfo

SOURCE_ORDER: tuple[RequirementSource, ...] = ("pipeline", "contract", "code")
"""The order in which the sources of a need are told."""
SET_BY_A_RUN = "runthrough run --sagemaker sets it"
KINDS: tuple[RequirementKind, ...] = ("input", "output", "environ_var", "job_arg")


@dataclass(frozen=True, slots=True)
class Merged:
    """The needs of a node, and on which of them contract and code disagree."""

    requirements: ScriptRequirements
    drift: tuple[Drift, ...] = ()


def merge(
    declaration: NodeDeclaration,
    code: ScriptRequirements,
    contract: ScriptRequirements | None = None,
) -> Merged:
    """The code's needs first, then what only the contract, then what only the pipeline names.

    The code decides about level and default; the contract adds description and container path.
    A name of the contract that the code does not read is another name of the one code need with
    the same container path, else it is drift and `unread`. A declared name that is an alias in
    the code is the same need. What only the pipeline file names is optional: nothing says that
    it is read. Where nothing is known of the code, the contract speaks alone. A variable that a
    run with `--sagemaker` sets is never asked for.
    """
    code = _without_sagemaker(code)
    if contract is None or not contract.needs:
        return Merged(_declared_over(declaration, code))
    if not code.needs and not code.dynamic:
        return Merged(_declared_over(declaration, contract))
    needs: list[Requirement] = []
    only_told: list[Requirement] = []
    drift: list[Drift] = []
    for kind in KINDS:
        meeting = _Meeting(code, contract, kind)
        needs += meeting.known()
        only_told += meeting.only_told()
        drift += meeting.drift()
    order = {(need.kind, need.name): place for place, need in enumerate(code.needs)}
    needs.sort(key=lambda need: order[need.kind, need.name])
    both = ScriptRequirements(needs=(*needs, *only_told), dynamic=code.dynamic)
    return Merged(_declared_over(declaration, both), tuple(drift))


def _without_sagemaker(code: ScriptRequirements) -> ScriptRequirements:
    needs = tuple(
        need.model_copy(update={"level": "conditional", "description": SET_BY_A_RUN})
        if need.kind == "environ_var" and need.required and is_sagemaker_variable(need.name)
        else need
        for need in code.needs
    )
    return code if needs == code.needs else code.model_copy(update={"needs": needs})


def unknown_names(
    script: ScriptInfo, declaration: NodeDeclaration, code: ScriptRequirements
) -> tuple[Problem, ...]:
    """A warning for inputs and outputs whose names are put together when the script runs.

    It is for scripts without a contract; `where.node` holds the script's name. Names that the
    pipeline file gives are known.
    """
    given: dict[RequirementKind, Iterable[str]] = {
        "input": declaration.inputs,
        "output": declaration.outputs,
    }
    return tuple(
        _unknown_name(script, dynamic)
        for dynamic in code.dynamic
        if dynamic.kind in given
        and not any(name.startswith(dynamic.prefix) for name in given[dynamic.kind])
    )


def _unknown_name(script: ScriptInfo, dynamic: DynamicRequirement) -> Problem:
    kind: PlaceKind = "input" if dynamic.kind == "input" else "output"
    begin = f", after {dynamic.prefix!r}" if dynamic.prefix else ""
    return Problem(
        code="INPUT_UNKNOWN" if kind == "input" else "OUTPUT_UNKNOWN",
        severity="warning",
        where=Place(node=script.name, kind=kind),
        message=f"{shown(script.path)} puts names of {kind}s together when it runs{begin}, so "
        "they cannot be read",
        fix=f"write {script.name}.contract.yaml beside it, with expected_{kind}_paths: "
        "{NAME: /container/path}",
    )


class _Meeting:
    """The needs of one kind as code and contract see them."""

    def __init__(
        self, code: ScriptRequirements, contract: ScriptRequirements, kind: RequirementKind
    ) -> None:
        self._code = code.of(kind)
        self._contract = contract.of(kind)
        self._kind = kind
        self._prefixes = tuple(dynamic.prefix for dynamic in code.dynamic if dynamic.kind == kind)
        self._pairs = dict(self._by_name())
        self._aliases = dict(self._by_container_path())

    def known(self) -> Iterator[Requirement]:
        """The code's needs, with what the contract says of them."""
        told = {name: need for need, name in self._told_pairs()}
        for need in self._code:
            yield _with_contract(need, told[need.name]) if need.name in told else need

    def only_told(self) -> Iterator[Requirement]:
        """What the contract alone names."""
        for need in self._unmatched():
            level = "optional" if self._computed(need.name) else "unread"
            yield need.model_copy(update={"level": level})

    def drift(self) -> tuple[Drift, ...]:
        """The names on which the two disagree.

        One name left on each side is told as a pair. What the code can do without is told only
        where the contract names others of its kind at all.
        """
        told = [need.name for need in self._unmatched() if not self._computed(need.name)]
        met = {name for _, name in self._told_pairs()}
        read = [
            need.name
            for need in self._code
            if need.name not in met and (self._contract or need.required)
        ]
        if len(told) == len(read) == 1:
            return (Drift(kind=self._kind, contract=told[0], code=read[0]),)
        return (
            *(Drift(kind=self._kind, contract=name, code=None) for name in told),
            *(Drift(kind=self._kind, contract=None, code=name) for name in read),
        )

    def _told_pairs(self) -> Iterator[tuple[Requirement, str]]:
        for need in self._contract:
            name = self._pairs.get(need.name) or self._aliases.get(need.name)
            if name is not None:
                yield need, name

    def _unmatched(self) -> Iterator[Requirement]:
        return (n for n in self._contract if n.name not in {*self._pairs, *self._aliases})

    def _computed(self, name: str) -> bool:
        """Whether the code may read it under a key that is put together at run time."""
        return any(name.startswith(prefix) for prefix in self._prefixes)

    def _by_name(self) -> Iterator[tuple[str, str]]:
        """Contract names that the code reads, each with the code's name."""
        read = {_folded(self._kind, n): need.name for need in self._code for n in need.aliases}
        read |= {_folded(self._kind, need.name): need.name for need in self._code}
        for need in self._contract:
            name = read.get(_folded(self._kind, need.name))
            if name is not None:
                yield need.name, name

    def _by_container_path(self) -> Iterator[tuple[str, str]]:
        """Contract names that the code does not read, with the one need at the same path."""
        met = set(self._pairs.values())
        free = _by_path(need for need in self._code if need.name not in met)
        told = _by_path(need for need in self._contract if need.name not in self._pairs)
        for path, names in told.items():
            others = free.get(path, ())
            if len(names) == len(others) == 1:
                yield names[0], others[0]


def _by_path(needs: Iterable[Requirement]) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for need in needs:
        if need.container_path is not None:
            found.setdefault(need.container_path.rstrip("/"), []).append(need.name)
    return found


def _folded(kind: RequirementKind, name: str) -> str:
    """An argument is written `job-type` on a command line and read as `job_type`."""
    return name.lstrip("-").replace("-", "_") if kind == "job_arg" else name


def _with_contract(need: Requirement, told: Requirement) -> Requirement:
    aliases = need.aliases
    if told.name != need.name and told.name not in aliases and told.kind != "job_arg":
        aliases = (*aliases, told.name)
    is_value = need.kind in {"environ_var", "job_arg"}
    return need.model_copy(
        update={
            "sources": _ordered((*need.sources, "contract")),
            "aliases": aliases,
            "description": told.description or need.description,
            "container_path": told.container_path or need.container_path,
            "choices": need.choices or told.choices,
            "recommended": is_value and told.required and need.level == "optional",
        }
    )


def _declared_over(declaration: NodeDeclaration, known: ScriptRequirements) -> ScriptRequirements:
    declared = dict.fromkeys(_declared(declaration))
    if not declared:
        return known
    names = {(need.kind, name) for need in known.needs for name in (need.name, *need.aliases)}
    return ScriptRequirements(
        needs=(
            *(_with_declaration(need, declared) for need in known.needs),
            *(
                Requirement(kind=kind, name=name, level="optional", sources=("pipeline",))
                for kind, name in declared
                if (kind, name) not in names
            ),
        ),
        dynamic=known.dynamic,
    )


def _declared(declaration: NodeDeclaration) -> Iterator[tuple[RequirementKind, str]]:
    for name in declaration.inputs:
        yield "input", name
    for name in declaration.outputs:
        yield "output", name
    for name in declaration.environ_vars:
        yield "environ_var", name
    for name in declaration.job_args:
        yield "job_arg", name


def _with_declaration(
    need: Requirement, declared: Collection[tuple[RequirementKind, str]]
) -> Requirement:
    if not any((need.kind, name) in declared for name in (need.name, *need.aliases)):
        return need
    return need.model_copy(update={"sources": _ordered((*need.sources, "pipeline"))})


def _ordered(sources: Iterable[RequirementSource]) -> tuple[RequirementSource, ...]:
    named = set(sources)
    return tuple(source for source in SOURCE_ORDER if source in named)
