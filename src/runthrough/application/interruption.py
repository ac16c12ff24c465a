"""The wish to end a run that is on, from within the process that drives it."""

from dataclasses import dataclass


@dataclass(slots=True)
class Interruption:
    """Set by whoever hears Ctrl-C; a run that is on looks at it several times a second."""

    asked: bool = False
    """Whether the run is to be ended."""
    draining: bool = False
    """Whether nothing more is to be started; what runs may go on until `asked`."""
    heard: bool = False
    """Whether a run is on that will end when it is asked to."""
