"""What is told of a script file: where it stands, what it is, and what is wrong with it."""

import posixpath
import shlex

from runthrough.adapters.discovery.contracts import ENDINGS, Contracts
from runthrough.adapters.discovery.frameworks import framework_of
from runthrough.adapters.discovery.imported import Imported
from runthrough.adapters.discovery.packages import ModuleContext, module_context
from runthrough.adapters.discovery.readings import KEPT, Readings
from runthrough.adapters.discovery.sources import Fault, ParsedScript, ScriptText
from runthrough.core.values.ids import RecordedPath
from runthrough.core.values.paths import Roots, shown
from runthrough.core.values.problems import Place, Problem, ProblemCode
from runthrough.core.values.scripts import ScriptInfo

MAIN_LINE = "def main(input_paths, output_paths, environ_vars, job_args):"


class Scripts:
    """Scripts by their paths; what did not change is told again."""

    def __init__(self, readings: Readings, contracts: Contracts, imported: Imported) -> None:
        """Nothing is told yet."""
        self._readings = readings
        self._contracts = contracts
        self._imported = imported
        self._told: dict[tuple[RecordedPath, RecordedPath, str, str], ScriptInfo] = {}

    def at(self, path: RecordedPath, *, roots: Roots) -> ScriptInfo | None:
        """The script at a path as it is now; `None` when no file is there."""
        try:
            absolute = roots.locate(path)
        except KeyError:
            return None  # this host does not know the root, so nothing is there
        text = self._readings.text(absolute)
        if text is None:
            return None
        facts = self._readings.facts(text)
        context = module_context(
            absolute, relative_level=facts.relative_level, holds=self._readings.holds
        )
        root = roots.record(context.package_root)
        key = (path, root, context.module, text.sha)
        told = self._told.get(key) if text.sha else None
        if told is None:
            name = posixpath.splitext(posixpath.basename(absolute))[0]
            told = _script_info(name, path, root, context, facts)
            if len(self._told) >= KEPT:
                self._told.clear()
            self._told[key] = told
        modules = self._imported.of(absolute, context, facts)
        if modules != told.modules:
            told = self._told[key] = told.model_copy(update={"modules": modules})
        if facts.main.elsewhere and self._is_silent(path, absolute, text, roots):
            unknown = _unknown_needs(told.name, path)
            return told.model_copy(update={"problems": (*told.problems, unknown)})
        return told

    def _is_silent(
        self, path: RecordedPath, absolute: str, text: ScriptText, roots: Roots
    ) -> bool:
        """Whether neither code nor contract tells what the script needs."""
        needs = self._readings.needs(absolute, text, job_args={}, environ_vars={})
        if needs.needs or needs.dynamic:
            return False
        return self._contracts.of(path, roots=roots) is None


def _script_info(
    name: str,
    path: RecordedPath,
    root: RecordedPath,
    context: ModuleContext,
    facts: ParsedScript,
) -> ScriptInfo:
    return ScriptInfo(
        name=name,
        path=path,
        package_root=root,
        module=context.module,
        digest=facts.digest,
        has_main=facts.main.has_main,
        parameters=facts.main.parameters,
        framework=framework_of(facts.imports),
        description=facts.description,
        imports=facts.imports,
        problems=_problems(name, path, facts),
    )


def _unknown_needs(name: str, path: RecordedPath) -> Problem:
    return Problem(
        code="MAIN_SIGNATURE",
        severity="warning",
        where=Place(node=name, kind="script"),
        message=f"main in {shown(path)} comes from another module or is built when the script "
        "runs, so what it needs cannot be read",
        fix=f"write {name}{ENDINGS[0]} beside it, with expected_input_paths: "
        "{NAME: /container/path} and so on",
    )


def _problems(name: str, path: RecordedPath, parsed: ParsedScript) -> tuple[Problem, ...]:
    """What is wrong with the script; `where.node` holds the script's name.

    A script does not know its nodes: whoever binds it to one puts the node's name there.
    """

    def problem(code: ProblemCode, message: str, fix: str) -> tuple[Problem]:
        where = Place(node=name, kind="script")
        return (Problem(code=code, severity="error", where=where, message=message, fix=fix),)

    if parsed.fault is not None:
        told = _told(parsed.fault, shown(path))
        typed = shlex.quote(shown(path))
        return problem(parsed.fault.code, told, parsed.fault.fix.replace("{path}", typed))
    if not parsed.main.has_main:
        return problem(
            "MAIN_MISSING",
            f"{shown(path)} has no function main, which a script is run by",
            MAIN_LINE,
        )
    if parsed.main.is_async:
        return problem(
            "MAIN_SIGNATURE",
            f"main in {shown(path)} is async, so calling it runs nothing",
            f"{MAIN_LINE} asyncio.run(work(input_paths, output_paths, environ_vars, job_args))",
        )
    if parsed.main.generates:
        return problem(
            "MAIN_SIGNATURE",
            f"main in {shown(path)} is a generator, so calling it runs nothing",
            f"{MAIN_LINE} list(work(input_paths, output_paths, environ_vars, job_args))",
        )
    if parsed.main.unfilled:
        extra = ", ".join(parsed.main.unfilled)
        optional = ", ".join(f"{each}=None" for each in parsed.main.unfilled)
        return problem(
            "MAIN_SIGNATURE",
            f"main in {shown(path)} requires {extra}, which nothing gives it",
            f"{MAIN_LINE[:-2]}, {optional}):",
        )
    return ()


def _told(fault: Fault, path: str) -> str:
    if fault.line is None:
        return f"{path} cannot be read: {fault.reason}"
    return f"{path}:{fault.line}:{fault.column or 1}: {fault.reason}"
