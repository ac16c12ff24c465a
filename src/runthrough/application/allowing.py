"""Whether paths may be touched by a caller who is confined to some folders, and the refusals."""

import posixpath
from collections.abc import Iterable, Iterator, Mapping

from runthrough.application.ports import Confinement
from runthrough.core.values.attempts import ScriptRequest
from runthrough.core.values.connections import Output
from runthrough.core.values.ids import RecordedPath
from runthrough.core.values.interpreters import executable
from runthrough.core.values.paths import ABSOLUTE, PIPELINE, SESSION, Roots, record, shown
from runthrough.core.values.pipelines import PipelineDeclaration
from runthrough.core.values.secrets import masked_text
from runthrough.errors import OutsideRootsError

OUTSIDE = "lies outside of what this service may touch"
FIX = "runthrough serve --root DIR lets it use another folder"


class Allowing:
    """Says of recorded paths whether they may be touched, for one session's roots."""

    def __init__(self, allowed: Confinement, roots: Roots) -> None:
        self._allowed = allowed
        self._roots = roots
        self.confines = bool(allowed.places)

    def holds(self, path: RecordedPath) -> bool:
        """Whether a path may be touched.

        One below a root that nobody knows here leads nowhere, so that nothing is touched by it.
        """
        if not self.confines:
            return True
        try:
            return self._allowed.holds(self._roots.locate(path))
        except KeyError:
            return True

    def holds_python(self, python: str | None) -> bool:
        """Whether an interpreter may be started: the tester's own, or one in the folders.

        In a virtual environment it is a link to one that lies anywhere; so its folder decides. A
        command is looked for on PATH, which leads out.
        """
        if python is None or not self.confines:
            return True
        try:
            place = executable(python, self._roots)
        except KeyError:
            return False
        return self._allowed.holds(posixpath.dirname(posixpath.normpath(place)))

    @property
    def holds_roots(self) -> bool:
        """Whether all of the session's own folders may be touched."""
        return all(map(self._allowed.holds, self._roots.places.values()))

    def outside(self, paths: Iterable[RecordedPath]) -> Iterator[RecordedPath]:
        """Those of some paths that may not be touched."""
        return (path for path in paths if not self.holds(path))

    def refuse(self, path: RecordedPath, given: str, what: str = "") -> None:
        """Refuse a path that was given, and that may not be touched.

        Raises:
            OutsideRootsError: It leads out of the folders.
        """
        if not self.holds(path):
            raise OutsideRootsError(masked_text(given), self._allowed.places, what=what)

    def refuse_outside(self, path: RecordedPath, what: str) -> None:
        """Refuse what was found to lie outside, by the path that is recorded of it.

        Raises:
            OutsideRootsError: Always.
        """
        raise OutsideRootsError(shown(path), self._allowed.places, what=what)

    def refuse_python(self, python: str | None, what: str = "The interpreter") -> None:
        """Refuse an interpreter that was given, and that may not be started.

        Raises:
            OutsideRootsError: It leads out of the folders.
        """
        if python is not None and not self.holds_python(python):
            raise OutsideRootsError(masked_text(python), self._allowed.places, what=what)

    def refuse_pipeline(self, pipeline: PipelineDeclaration) -> None:
        """Refuse a pipeline that names what may not be touched.

        Raises:
            OutsideRootsError: A path or an interpreter in it leads out of the folders.
        """
        if not self.confines:
            return
        for what, path in _declared(pipeline):
            self.refuse(path, shown(path), what)
        self.refuse_python(pipeline.python, "The pipeline's interpreter")
        for name, node in pipeline.nodes.items():
            self.refuse_python(node.python, f"The interpreter of {name}")

    def refuse_request(self, request: ScriptRequest) -> str | None:
        """Why an attempt may not start; `None` where nothing of it leads out."""
        if not self.confines:
            return None
        places = {
            "its script": request.script,
            "the folder that it is imported from": request.package_root,
            "its attempt's folder": request.folder,
            **{f"input {name}": path for name, path in request.input_paths.items()},
            **{f"output {name}": path for name, path in request.output_paths.items()},
            **{f"the folder {path}": path for path in request.made},
        }
        for what, path in places.items():
            if not self._allowed.holds(path):
                return f"{what} {OUTSIDE}; {FIX}"
        return None if self.holds_python(request.python) else f"its interpreter {OUTSIDE}; {FIX}"


def _declared(pipeline: PipelineDeclaration) -> Iterator[tuple[str, RecordedPath]]:
    """Every path in a pipeline, and what it is."""
    if pipeline.file is not None:
        yield "The pipeline file", pipeline.file
    for path in pipeline.scripts:
        yield "The folder of scripts", path
    for name, path in pipeline.registry.items():
        yield f"The registered script of {name}", path
    for name, node in pipeline.nodes.items():
        if node.script is not None:
            yield f"The script of {name}", node.script
        for given, source in node.inputs.items():
            if not isinstance(source, Output):
                yield f"Input {given} of {name}", source
        for given, path in node.outputs.items():
            yield f"Output {given} of {name}", path


def refuse_folders(allowed: Confinement, folders: Mapping[str, str]) -> None:
    """Refuse folders, each by what it is, that may not be touched.

    Raises:
        OutsideRootsError: One leads out of the folders.
    """
    for what, folder in folders.items():
        if not allowed.holds(folder):
            raise OutsideRootsError(masked_text(folder), allowed.places, what=what)


def placed_path(allowed: Confinement, given: str, *, cwd: str, what: str = "") -> str:
    """The absolute path that is meant by one that was given; `what` it is begins the refusal.

    Raises:
        OutsideRootsError: It leads out of the folders.
    """
    roots = Roots({})
    path = record(ABSOLUTE, posixpath.join(cwd, given))
    Allowing(allowed, roots).refuse(path, given, what)
    return roots.locate(path)


def refuse_session_folders(allowed: Confinement, roots: Mapping[str, str], kept: str) -> None:
    """Refuse folders of a session that begins, which keeps all that it writes in `kept`.

    Raises:
        OutsideRootsError: One leads out of the folders.
    """
    told = {PIPELINE: "The pipeline's folder", SESSION: "The folder that the session keeps"}
    for root, folder in {**roots, SESSION: kept}.items():
        refuse_folders(allowed, {told.get(root, "The workspace"): folder})
