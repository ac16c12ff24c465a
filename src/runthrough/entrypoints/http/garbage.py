"""When a process that stays searches for garbage."""

import gc

AS_USUAL = (700, 10, 10)
"""Python's own thresholds."""


def collect_as_usual() -> None:
    """Search for garbage as often as Python does, and never in what is there by now.

    The command line hardly ever searches, since a command ends soon. In a process that stays,
    cycles would pile up, and each late search would hold up all who listen.
    """
    gc.freeze()
    gc.set_threshold(*AS_USUAL)
