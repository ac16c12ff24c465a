"""What history holds of nodes: for looks to be held against, and where nobody can look."""

from collections.abc import Iterable
from typing import Literal

from pydantic import JsonValue

from runthrough.core.state import SessionState
from runthrough.core.values.facts import NodeFacts, PathFacts
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.requirements import RereadReason, ScriptRequirements
from runthrough.core.values.scripts import ScriptInfo
from runthrough.core.views.particulars import Particulars


def remembered(
    state: SessionState,
    particulars: Particulars,
    nodes: Iterable[NodeName],
    *,
    outside: tuple[RecordedPath, ...] = (),
) -> dict[NodeName, NodeFacts]:
    """What history holds of nodes that cannot be looked at from here.

    `outside` are the paths that forbid it, where that is why.
    """
    world: dict[NodeName, NodeFacts] = {}
    for node in nodes:
        there = state.nodes[node]
        if there.external:
            continue
        script = particulars.scripts.get(node)
        if there.script is None or script is None or script.path != there.script.path:
            script = None
        world[node] = NodeFacts(
            script=script,
            requirements=particulars.needs(node),
            paths={
                seen.path: PathFacts(path=seen.path, kind="file", digest=seen.digest)
                for seen in particulars.evidence.get(node, ())
                if seen.path is not None and seen.digest is not None
            },
            checked_here=False,
            outside=outside,
            written=written_before(state, particulars, node, script),
        )
    return world


def digest_limit(
    state: SessionState, particulars: Particulars, node: NodeName, digest_up_to: int | None
) -> int | None:
    """Up to which size contents are digested: all where a digest was taken before of such."""
    if digest_up_to is None or state.nodes[node].passed is not None:
        return None
    held = particulars.evidence.get(node, ())
    large = any(e.digest and (e.size_bytes or 0) > digest_up_to for e in held)
    return None if large else digest_up_to


def written_before(
    state: SessionState, particulars: Particulars, node: NodeName, script: ScriptInfo | None
) -> dict[str, tuple[str, ...]]:
    """The files that the node's last passed attempt wrote, while its script is what ran then.

    The same holds of arguments and variables, which decide what a script writes.
    """
    there = state.nodes[node]
    spec, passed = there.spec or there.draft, there.passed
    if script is None or spec is None or passed is None:
        return {}
    used = {(part.part, part.name): part.value for part in passed.fingerprint}
    values = {
        **{("job_arg", name): value for name, value in spec.job_args.items()},
        **{("environ_var", name): value for name, value in spec.environ_vars.items()},
    }
    then = {key: value for key, value in used.items() if key[0] in {"job_arg", "environ_var"}}
    ran = next((value for key, value in used.items() if key[0] == "script"), None)
    return particulars.written.get(node, {}) if (ran, then) == (script.digest, values) else {}


def why_reread(
    particulars: Particulars, node: NodeName, script: ScriptInfo, new: ScriptRequirements
) -> RereadReason | None:
    """What made the needs others than history holds; `None` where they are the same."""
    old = particulars.requirements.get(node)
    if old is None or old == new:
        return None
    before = particulars.scripts.get(node)
    if before is None or before.digest != script.digest:
        return "script"
    if _told_by(old, "code") != _told_by(new, "code") or old.dynamic != new.dynamic:
        # A module that it imports is a part of what is read.
        return "arguments" if before.modules == script.modules else "script"
    return "contract" if _told_by(old, "contract") != _told_by(new, "contract") else "pipeline"


def _told_by(
    needs: ScriptRequirements, source: Literal["code", "contract"]
) -> list[tuple[JsonValue, ...]]:
    """What one source says of the needs; where both do the code decides, the contract adds."""
    told: list[tuple[JsonValue, ...]] = []
    for need in needs.needs:
        if source not in need.sources:
            continue
        decided = (need.level, need.default, need.has_default, *need.files)
        added = (need.description, need.container_path, need.recommended, *need.aliases)
        said: tuple[JsonValue, ...] = decided
        if source == "contract":
            said = added if "code" in need.sources else (*decided, *added, *need.choices)
        told.append((need.kind, need.name, *said))
    return told
