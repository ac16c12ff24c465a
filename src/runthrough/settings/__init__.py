"""Settings: a flag wins over `RUNTHROUGH_*`, that over a file, that over the default.

The file is the nearest of the current folder and those above it: `runthrough.toml`, or
`pyproject.toml` where it has a table `tool.runthrough`.
"""

from runthrough.settings.files import FILE
from runthrough.settings.hosts import host_id, known_host
from runthrough.settings.loading import SETTING_NAMES, Settings, load_settings
from runthrough.settings.written import DEFAULT, FLAG, PREFIX

__all__ = [
    "DEFAULT",
    "FILE",
    "FLAG",
    "PREFIX",
    "SETTING_NAMES",
    "Settings",
    "host_id",
    "known_host",
    "load_settings",
]
