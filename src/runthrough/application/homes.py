"""Where a session's folders lie on the host that it moves to."""

import posixpath
from collections.abc import Mapping, Sequence

from runthrough.application.allowing import refuse_folders
from runthrough.application.forking import ancestors
from runthrough.application.ports import Ports
from runthrough.core.state import SessionState
from runthrough.core.values.ids import HostId, SessionId
from runthrough.core.values.paths import (
    ABSOLUTE,
    PIPELINE,
    SESSION,
    WORKSPACE,
    Roots,
    ancestor_root,
    record,
    split,
)
from runthrough.errors import CommandInvalidError, OutsideRootsError

_VERB = "resume"
_FOLDERS = ".runthrough"
_SOUGHT_DEPTH = 2
"""Levels of folders below a workspace in which its pipeline file is sought."""


def roots_here(
    ports: Ports,
    state: SessionState,
    *,
    host: HostId,
    cwd: str,
    workspaces: Sequence[str] = (),
    pipeline: str | None = None,
) -> dict[str, str]:
    """Root → absolute folder on this host, for a session that comes here.

    What is not given is what this host knows already. Else the first workspace is the current
    folder, and all others lie to it as they did at home, if such folders are here.

    Args:
        ports: To the table of roots, and to the folders of this host.
        state: The session.
        host: This host.
        cwd: The current folder, which relative ones are taken from.
        workspaces: Its workspaces here, the first is where it writes.
        pipeline: Its pipeline file here, or the folder of that file.

    Raises:
        CommandInvalidError: There is no such folder, nothing tells where the pipeline lies, or
            nothing of the session lies there.
        OutsideRootsError: A folder lies where the caller may not look.
    """
    known = ports.directory.roots_of(state.session_id, host=host)
    home = state.home.host if state.home is not None else host
    there = ports.directory.roots_of(state.session_id, host=home)
    given = [_folder(ports, cwd, place, "--workspace") for place in workspaces]
    names = _workspace_names(state)
    if len(given) > len(names):
        raise CommandInvalidError(
            _VERB,
            f"{len(given)} workspaces are given, and the session has {len(names)}",
            fix=f"give --workspace at most {len(names)} times",
        )
    roots = {WORKSPACE: given[0] if given else known.get(WORKSPACE) or cwd}
    moved = _Moved(ports, there, roots[WORKSPACE])
    roots |= dict(zip(names[1:], given[1:], strict=False))
    for name in names[1:]:
        further = roots.get(name) or moved.place_of(name) or known.get(name)
        if further is not None:
            roots[name] = further
    if pipeline is not None:
        roots[PIPELINE] = _folder_of(ports, cwd, pipeline)
    else:
        roots[PIPELINE] = _known_pipeline_folder(
            known, moved, stays=not given
        ) or _found_pipeline_folder(ports, state, roots[WORKSPACE])
    roots |= _own_folders(ports, state.session_id, host=host, workspace=roots[WORKSPACE])
    refuse_folders(
        ports.confinement, {f"The session's folder {root}:": at for root, at in roots.items()}
    )
    _refuse_strange(ports, state, roots)
    return roots


def _own_folders(
    ports: Ports, session_id: SessionId, *, host: HostId, workspace: str
) -> dict[str, str]:
    """Where its attempts write here, and where those of its ancestors lie, or would."""
    own = posixpath.join(workspace, _FOLDERS)
    roots = {SESSION: posixpath.join(own, session_id)}
    for ancestor in ancestors(ports, session_id):
        here = ports.directory.roots_of(ancestor, host=host).get(SESSION)
        roots[ancestor_root(ancestor)] = here or posixpath.join(own, ancestor)
    return roots


def _refuse_strange(ports: Ports, state: SessionState, roots: Mapping[str, str]) -> None:
    """Refuse folders in which nothing of the session lies: a move there would demote all of it.

    Raises:
        CommandInvalidError: None of its scripts is there, nor its pipeline file.
    """
    scripts = [there.script.path for there in state.nodes.values() if there.script is not None]
    sought = [*scripts, *((state.pipeline.file,) if state.pipeline.file else ())]
    below = [path for path in dict.fromkeys(sought) if split(path)[0] in roots]
    if not below:
        return
    found = ports.inspector.look(below, roots=Roots(roots), digest_up_to=-1)
    if any(seen.kind == "file" for seen in found.values()):
        return
    places = " or ".join(dict.fromkeys((roots[PIPELINE], roots[WORKSPACE])))
    raise CommandInvalidError(
        _VERB,
        f"none of the session's scripts lies below {places}",
        fix="name its folder: runthrough resume --here --workspace PATH, and its pipeline file "
        "with --pipeline FILE where that lies elsewhere",
    )


class _Moved:
    """Folders that lie to the first workspace as they did at home."""

    def __init__(self, ports: Ports, there: Mapping[str, str], workspace: str) -> None:
        self._ports = ports
        self._there = there
        self._workspace = workspace

    def place_of(self, root: str) -> str | None:
        """Where a root lies here; `None` where nothing relates it, or no such folder is here."""
        old, workspace = self._there.get(root), self._there.get(WORKSPACE)
        if old is None or workspace is None or not _related(old, workspace):
            return None
        place = posixpath.normpath(
            posixpath.join(self._workspace, posixpath.relpath(old, workspace))
        )
        return place if self._ports.files.folders_in(place) is not None else None


def _related(one: str, other: str) -> bool:
    """Whether two folders have more in common than that they are on one machine."""
    return posixpath.commonpath((one, other)) != "/"


def _workspace_names(state: SessionState) -> list[str]:
    names = [split(path)[0] for path in state.settings.workspaces]
    return names or [WORKSPACE]


def _known_pipeline_folder(known: Mapping[str, str], moved: _Moved, *, stays: bool) -> str | None:
    """Where the pipeline's own folder lies here, by what is known of it here or at home."""
    if stays and PIPELINE in known:
        return known[PIPELINE]
    return moved.place_of(PIPELINE) or known.get(PIPELINE)


def _found_pipeline_folder(ports: Ports, state: SessionState, workspace: str) -> str:
    """The folder that holds the pipeline file: the workspace, or the only one below it.

    Raises:
        CommandInvalidError: None holds it, or several do.
    """
    root, name = split(state.pipeline.file) if state.pipeline.file else (ABSOLUTE, "")
    if root == PIPELINE:
        for folders in ([workspace], _below(ports, workspace)):
            files = {record(ABSOLUTE, posixpath.join(place, name)): place for place in folders}
            seen = ports.inspector.look(tuple(files), roots=Roots({}), digest_up_to=-1)
            holding = [place for file, place in files.items() if seen[file].kind == "file"]
            if len(holding) == 1:
                return holding[0]
    raise CommandInvalidError(
        _VERB,
        "nothing tells where the folder of its pipeline file lies on this machine",
        fix="name the file: runthrough resume --here --pipeline FILE",
    )


def _below(ports: Ports, folder: str) -> list[str]:
    """The folders below one that are not hidden, as deep as a pipeline file usually lies."""
    found: list[str] = []
    level = [folder]
    for _ in range(_SOUGHT_DEPTH):
        level = [
            posixpath.join(place, name)
            for place in level
            for name in ports.files.folders_in(place) or ()
            if not name.startswith(".")
        ]
        found += level
    return found


def _folder(ports: Ports, cwd: str, given: str, flag: str) -> str:
    place = posixpath.normpath(posixpath.join(cwd, given))
    if not ports.confinement.holds(place):
        raise OutsideRootsError(given, ports.confinement.places)
    if ports.files.folders_in(place) is None:
        raise CommandInvalidError(
            _VERB, f"there is no folder {given!r}", fix=f"give {flag} a path that is there"
        )
    return place


def _folder_of(ports: Ports, cwd: str, file: str) -> str:
    """The folder that a pipeline file lies in; a folder is taken as it is."""
    place = posixpath.normpath(posixpath.join(cwd, file))
    if not ports.confinement.holds(place):
        raise OutsideRootsError(file, ports.confinement.places)
    if ports.files.folders_in(place) is not None:
        return place
    path = record(ABSOLUTE, place)
    seen = ports.inspector.look((path,), roots=Roots({}), digest_up_to=-1)[path]
    if seen.kind is None:
        raise CommandInvalidError(
            _VERB, f"there is no file {file!r}", fix="give --pipeline a file that is there"
        )
    return posixpath.dirname(place)
