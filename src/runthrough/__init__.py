"""Rehearse a pipeline of scripts before it ships."""

__version__ = "0.1.0"
