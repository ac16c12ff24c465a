"""The id of this machine, as every event names it."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from runthrough.core.values.ids import HostId
from runthrough.errors import SettingError
from runthrough.settings.loading import Settings
from runthrough.settings.written import PREFIX

_HOST_FILE = "host-id"


def host_id(settings: Settings, *, new_id: Callable[[], str]) -> HostId:
    """The id of this machine: the setting, else one that is made once for this user.

    Of several processes that make it at once, one wins and all use its id.

    Raises:
        SettingError: The id can be neither read nor kept.
    """
    if settings.host is not None:
        return HostId(settings.host)
    file = settings.data_folder / _HOST_FILE
    try:
        if not file.exists():
            _make_once(file, new_id())
        known = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(
            f"The id of this machine cannot be kept in {file}: {_reason(error)}.",
            fix=f"make that folder writable, or set {PREFIX}HOST",
        ) from error
    if not known or not known.isprintable():
        raise SettingError(
            f"{file} holds no id of this machine.", fix=f"delete it, or set {PREFIX}HOST"
        )
    return HostId(known)


def known_host(settings: Settings) -> HostId | None:
    """The id of this machine; `None` where it has none yet, and none is made.

    Raises:
        SettingError: The id cannot be read.
    """
    if settings.host is None and not (settings.data_folder / _HOST_FILE).exists():
        return None
    return host_id(settings, new_id=str)


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return error.reason if isinstance(error, UnicodeDecodeError) else str(error.strerror)


def _make_once(file: Path, text: str) -> None:
    """Write a file whole, unless somebody else was faster."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=file.parent, encoding="utf-8") as draft:
        draft.write(text + "\n")
        draft.flush()
        os.fsync(draft.fileno())
        try:
            Path(file).hardlink_to(draft.name)
        except FileExistsError:
            return
