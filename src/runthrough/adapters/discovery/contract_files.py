"""Contracts written as YAML or JSON beside a script."""

from runthrough.adapters.discovery.contract_shape import FIELDS, Note, Spot, Steps, Written
from runthrough.adapters.discovery.sources import FaultError, decoded
from runthrough.core.names import nearest
from runthrough.errors import PipelineFileError

FORM = "entry_point: NAME.py"


def read_contract(content: bytes, path: str) -> Written:
    """The contract in a YAML or JSON file; what is wrong with it stands in its notes."""
    # PyYAML is loaded only where a contract is met: most scripts have none.
    from runthrough.adapters.pipeline_files.marked import read_marked  # noqa: PLC0415 - as said

    try:
        tree = read_marked(decoded(content), path)
    except FaultError as error:
        fault = error.fault
        spot = None if fault.line is None else (fault.line, fault.column or 1)
        return Written({}, notes=(Note(fault.reason, fault.fix, spot),))
    except PipelineFileError as error:
        spot = None if error.line is None else (error.line, error.column or 1)
        fix = error.fix or f"write it as YAML or JSON, one value a line, such as {FORM}"
        return Written({}, notes=(Note(error.reason, fix, spot),))
    if tree is None or not isinstance(tree.value, dict):
        return Written({}, notes=(Note("a contract is a mapping", FORM, (1, 1)),))
    spots: dict[Steps, Spot] = {}
    notes = []
    values = {}
    for name, child in tree.value.items():
        mark = tree.keys[name]
        spots[name,] = (mark.line, mark.column)
        spots |= {(name, key): (at.line, at.column) for key, at in child.keys.items()}
        values[name] = child.plain
        # Contracts carry more than is read here, so only what looks like a slip is told.
        meant = nearest(name, FIELDS, limit=1)
        if meant and name not in FIELDS and meant[0] not in tree.value:
            notes.append(Note(f"{name} means nothing here", f"{meant[0]}:", spots[name,]))
    return Written(values, spots=spots, notes=tuple(notes))
