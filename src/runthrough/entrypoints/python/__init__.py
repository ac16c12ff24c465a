"""The Python door: the founding plan's names and dicts, over a session and without one."""
