"""Sizes, lengths of time, settings and URLs in a few words."""

import re

_USER_WITH_PASSWORD = re.compile(r"([^/?@:]*):.+@", re.DOTALL)
"""It reaches to the last `@` of all: a password that nobody escaped may hold any character."""
_PASSWORD_ALONE = re.compile(r"([^/?@:\[]*):(?![0-9]+([/?,]|\Z))[^/?@]*")
"""Where a host is missing, what stands behind the colon is no port."""
_SECRET_OPTION = re.compile(r"[^=]*(password|secret|_key)=")


def size_words(size_bytes: int) -> str:
    """A number of bytes in the unit that leaves few digits."""
    size = float(size_bytes)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024:  # noqa: PLR2004 - the step between these units
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def setting_words(origin: str) -> str:
    """What to change where the database's setting came from: a flag, a variable, a file."""
    if origin == "flag":
        return "--database"
    if origin == "default" or origin.startswith("RUNTHROUGH_"):
        return "RUNTHROUGH_DATABASE_URL"
    return f"database_url in {origin}"


def without_password(url: str) -> str:
    """A database's URL as it was written, but for a password in it or among its options."""
    scheme, mark, rest = url.partition("://")
    if not mark:  # no URL, but perhaps meant as one
        return re.sub(r":.*@", "@", url, flags=re.DOTALL)
    user = _USER_WITH_PASSWORD.match(rest)
    if user is not None:
        rest = f"{user[1]}@{rest[user.end() :]}"
    elif "@" not in rest:
        rest = _PASSWORD_ALONE.sub(r"\1", rest, count=1) if _PASSWORD_ALONE.match(rest) else rest
    place, asked, options = rest.partition("?")
    kept = "&".join(part for part in options.split("&") if not _SECRET_OPTION.match(part))
    return f"{scheme}{mark}{place}{asked if kept else ''}{kept}"


def span_words(seconds: float) -> str:
    """A length of time in its largest unit."""
    for unit, length_s in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length_s:
            return f"{seconds / length_s:.0f} {unit}"
    return f"{seconds:.0f} seconds"
