"""Where this user's data and caches lie on this machine."""

from pathlib import Path
from typing import Literal

import platformdirs

from runthrough.errors import SettingError


def user_folder(kind: Literal["data", "cache"]) -> Path:
    """The folder in which something is kept for this user; absolute, and perhaps not there yet.

    Raises:
        SettingError: The user has no home, as in some containers, and no variable names a place.
    """
    place = platformdirs.user_data_path if kind == "data" else platformdirs.user_cache_path
    try:
        folder = place("runthrough")
    except RuntimeError:
        folder = Path("~")
    if not folder.is_absolute():  # how some versions say that there is none
        raise SettingError(
            f"This user has no home folder, so where the {kind} of runthrough lies is not known.",
            fix=f"set HOME, or XDG_{kind.upper()}_HOME, to a folder that can be written",
        )
    return folder
