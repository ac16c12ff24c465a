"""Every setting as it holds here, with where it came from and what it overruled."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import JsonValue

from runthrough.core.values.metadata import SessionSettings
from runthrough.core.values.secrets import masked_text
from runthrough.core.views.health_words import without_password
from runthrough.settings import PREFIX, SETTING_NAMES, Settings, known_host, load_settings

_DATABASE = "database_url"


def tell_settings(
    *, cwd: str, environ: Mapping[str, str], flags: Mapping[str, object] | None = None
) -> dict[str, JsonValue]:
    """The settings that hold in a folder; no password is in them, and nothing is made.

    Keys: file (path or null), settings (a list of name, value, origin, overrides: a list of
    origin and value), unknown (a list of variable and nearest). `origin` is `flag`, the name of a
    variable, the path of a file or `default`; a value is null where nothing is said and the
    place decides.

    Raises:
        SettingError: A file cannot be read, a key is unknown or a value is unusable.
    """
    settings = load_settings(Path(cwd), environ, flags)
    values = _values(settings)
    told: list[JsonValue] = [
        {
            "name": name,
            "value": _safe(name, values[name]),
            "origin": settings.origins[name],
            "overrides": [
                {"origin": origin, "value": _safe(name, value)}
                for origin, value in settings.said[name][1:]
            ],
        }
        for name in SETTING_NAMES
    ]
    unknown: list[JsonValue] = [
        {"variable": name, "nearest": [PREFIX + one for one in near]}
        for name, near in settings.unknown.items()
    ]
    file = str(settings.file) if settings.file is not None else None
    return {"file": file, "settings": told, "unknown": unknown}


def _values(settings: Settings) -> dict[str, object]:
    """What each setting amounts to, by the name that a file uses."""
    defaults = SessionSettings()
    told: dict[str, object] = {
        "workspace": settings.workspaces or None,
        "suffixes": defaults.suffixes if settings.suffixes is None else settings.suffixes,
        "host": known_host(settings),
    }
    return {
        name: told[name] if name in told else getattr(settings, name) for name in SETTING_NAMES
    }


def _safe(name: str, value: object) -> JsonValue:
    """A value as JSON has it, without what is secret in it."""
    if isinstance(value, str):
        return without_password(value) if name == _DATABASE else masked_text(value)
    if isinstance(value, Mapping):
        return {str(key): _safe(name, one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_safe(name, one) for one in value]
    return value if isinstance(value, bool | int | float) or value is None else str(value)
