"""The Python door: the founding plan's names and dicts over a session."""

from runthrough.entrypoints.python.factory import InteractiveRuntimeTestingFactory

__all__ = ["InteractiveRuntimeTestingFactory"]
