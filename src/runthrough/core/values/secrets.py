"""Secrets: how they are named, told apart, and kept out of commands.

Rules (DESIGN § 7): names ending in TOKEN, SECRET, PASSWORD, API_KEY and the like; known key
prefixes; PEM blocks; the password of a URL or a connection string, and what a query or a header
hands over. What only looks secret is given as `{"plain": VALUE}`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

UNNAMEABLE = "a name that looks as if it held a secret, and names cannot be masked"
"""Why something cannot be called so; the name is not repeated."""
MASK = "[masked]"
"""Stands in a command, and so in history, where a value looked like a secret."""

_NAMES = (
    r"(?:TOKEN|SECRET(?:[_-]?(?:ACCESS[_-]?)?KEY)?|PASSWORD|PASSWD|PASSPHRASE|AUTHORIZATION"
    r"|CREDENTIALS?|(?:API|ACCESS|PRIVATE)[_-]?KEY)"
)
_SECRET_NAME = re.compile(rf"{_NAMES}$", re.IGNORECASE)
_COUNT_NAME = re.compile(r"(?:max|min|num|n|total)[_-].*TOKEN$", re.IGNORECASE)
"""Names that say how many tokens a model may read or write."""
_NUMBERS_TOO = re.compile(
    r"(?:SECRET(?:[_-]?(?:ACCESS[_-]?)?KEY)?|PASSWORD|PASSWD|PASSPHRASE)$", re.IGNORECASE
)
"""Names whose numbers are secrets too: a PIN is one, 512 under `first_token` is a place."""
_KEY_FROM = 10**9
"""A number of ten digits is more likely a key than a count, under a name that says so."""
_FILE_NAME = re.compile(r"(?:CREDENTIALS?|PRIVATE[_-]?KEY)$", re.IGNORECASE)
_FILE = re.compile(
    r"[\w./~ -]+\.(?:json|pem|key|ya?ml|toml|ini|cfg|conf|env|txt|p12|pfx|crt)", re.IGNORECASE
)
"""Programs are told by `GOOGLE_APPLICATION_CREDENTIALS` and the like where such a file lies."""
_SECRET_TEXT = re.compile(
    r"""
    -----BEGIN\ [A-Z ]*PRIVATE\ KEY(?:\ BLOCK)?-----
      [\s\S]*?(?:-----END\ [A-Z ]*PRIVATE\ KEY(?:\ BLOCK)?-----|\Z)
    | (?:(?<![0-9A-Za-z])|(?<=%[0-9A-Fa-f]{2}))(?:   # also behind `_`, `-` and `%3D`
      (?:AKIA|ASIA)[0-9A-Z]{16}(?![0-9A-Za-z]) # AWS access key id
    | gh[pousr]_[0-9A-Za-z]{30,}               # GitHub
    | github_pat_[0-9A-Za-z_]{22,}
    | glpat-[0-9A-Za-z_-]{20,}                 # GitLab
    | xox[abprs]-[0-9A-Za-z-]{10,}             # Slack
    | sk-(?=[A-Za-z_-]*[0-9])[0-9A-Za-z_-]{20,}   # OpenAI and others; not sk-learn-with-a-name
    | sk_live_[0-9A-Za-z]{16,}                 # Stripe
    | hf_[0-9A-Za-z]{30,}                      # Hugging Face
    | AIza[0-9A-Za-z_-]{35,}                   # Google
    | pypi-(?=[A-Za-z_-]*[0-9])[0-9A-Za-z_-]{20,}
    | eyJ[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_-]{10,}   # JSON web token
    )
    """,
    re.VERBOSE,
)
_URL_PASSWORD = re.compile(
    # A recorded path has one slash where a URL has two. A number is a port where the path, the
    # query or the end follows it.
    r"(?P<head>(?:://|(?<!\babs):/)[^\s/:]*):(?!\d+(?:[/?#\s]|\Z))\S+@"
)
"""Up to the last `@`: people write `@`, `/`, `#` and `?` into passwords as they are. That may hide
a host before an `@` in the path; the other way round it would show a piece of a password."""
_QUERY_SECRET = re.compile(
    rf"(?P<head>[?&][\w.-]*(?:{_NAMES}|SIGNATURE|\bSIG)=)[^&#\s]+", re.IGNORECASE
)
"""Signatures belong to links that let in whoever has them."""
_BEARER = re.compile(
    r"(?P<head>\bBearer +)(?:(?=[^\s]*\d)[\w.~+/-]{8,}|[\w.~+/-]{24,})=*", re.IGNORECASE
)
"""As a header hands it over; a word of prose behind it has neither digits nor such a length."""
_CONNECTION_PASSWORD = re.compile(
    rf"""
    (?P<head> ;\s*(?:[\w\ -]*?(?:{_NAMES}|AccountKey|Pwd(?!\s*=\s*[/~.$])))\s*=\s* )
      (?: "[^"]*" | '[^']*' | [^;\s]+ )
    | (?P<first> (?<![\w./;?&-])(?:[\w-]*(?:{_NAMES}|AccountKey|Pwd(?!=[/~.$])))= )
      (?: "[^"]*" | '[^']*' | [^;\s]+ ) (?=;\s*[\w\ -]+=)
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""`Server=x;Password=y;`: pairs with semicolons between them. In a shell `PWD` is a folder."""
_ASSIGNED = re.compile(
    r"""
    (?<![\w.]) (?P<name>[A-Za-z_][\w.-]*) (?P<sign>=|\ =\ ) (?!=)
    (?P<value> "[^"]*" | '[^']*' | \S+?(?=[]).,;:'"}]*(?:\s|\Z)) )
    """,
    re.VERBOSE,
)
"""`NAME=VALUE` as people write it into a sentence; the sentence goes on behind the value."""
_SAYS_NOTHING = re.compile(
    r"""
    ["']? (?:
      @(?:secret|plain):.* | \{["']?(?:secret|plain)\b.* | \$\{?[A-Z_]+\}? | \[masked.*
    | VALUE | NAME | V | \.{1,3} | … | <.*
    | (?i: none | null | true | false)
    )? ["']?""",
    re.VERBOSE,
)
"""References, places to fill in, and what is no value: our own advice is written so."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret by its name; its value is looked up when the script starts."""

    secret: str


def secret_name(value: JsonValue) -> str | None:
    """The NAME of a `{"secret": NAME}` reference, else `None`."""
    if isinstance(value, dict) and len(value) == 1 and isinstance(value.get("secret"), str):
        return str(value["secret"])
    return None


def named_like_a_secret(name: str) -> bool:
    """Whether a variable or argument of that name is taken for a secret."""
    return _SECRET_NAME.search(name) is not None and _COUNT_NAME.match(name) is None


def _secret_by_name(name: str, value: str | float) -> bool:
    """Whether a text or number is taken for a secret for the name it stands under."""
    if not named_like_a_secret(name):
        return False
    if isinstance(value, str) and _FILE_NAME.search(name) and _FILE.fullmatch(value):
        return False
    if isinstance(value, str) or _NUMBERS_TOO.search(name):
        return True
    return abs(value) >= _KEY_FROM


def masked_text(text: str) -> str:
    """`text` with whatever looks like a secret replaced by the mask."""
    text = _URL_PASSWORD.sub(rf"\g<head>:{MASK}@", text)
    text = _QUERY_SECRET.sub(rf"\g<head>{MASK}", text)
    text = _BEARER.sub(rf"\g<head>{MASK}", text)
    text = _CONNECTION_PASSWORD.sub(lambda at: f"{at['head'] or at['first']}{MASK}", text)
    return _SECRET_TEXT.sub(MASK, text)


def looks_secret(text: str) -> bool:
    """Whether a text holds what a rule masks, so that it cannot be a name: names are keys."""
    return masked_text(text) != text or MASK in text


def masked_prose(text: str) -> str:
    """A sentence of a person's, or about what one typed, safe to keep and to show.

    Beside what `masked_text` finds it masks `NAME=VALUE` under a name that says secret. Paths and
    values are no sentences: in a folder `token=a` it would mask a piece of the path.
    """
    return _ASSIGNED.sub(_assignment_masked, masked_text(text))


def _assignment_masked(found: re.Match[str]) -> str:
    name, value = found["name"], found["value"]
    bare = value.strip("\"'")
    number = float(bare) if re.fullmatch(r"\d{1,15}", bare) else None
    harmless = _SAYS_NOTHING.fullmatch(value) or not _secret_by_name(
        name, bare if number is None else number
    )
    return found[0] if harmless else f"{name}{found['sign']}{MASK}"


def masked_value(name: str, value: JsonValue) -> JsonValue:
    """`value` of a variable or argument called `name`, safe to put into a command.

    `{"secret": NAME}` stays, `{"plain": V}` becomes V unlooked at, and all else that a rule
    takes for a secret becomes the mask, at any depth. A switch is none. A number is one under
    names such as PASSWORD or SECRET, and under TOKEN or API_KEY from ten digits on.
    """
    reference = secret_name(value)
    if reference is not None:
        return {"secret": masked_text(reference)}
    if isinstance(value, dict):
        if set(value) == {"plain"}:
            return value["plain"]
        secret = named_like_a_secret(name)
        return {
            masked_text(key): masked_value(name if secret else key, item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [masked_value(name, item) for item in value]
    if isinstance(value, bool) or value is None or value == "":
        return value
    if _secret_by_name(name, value):
        return MASK
    return masked_text(value) if isinstance(value, str) else value


def masked_values(values: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Each value of a mapping, safe to put into a command."""
    return {name: masked_value(name, value) for name, value in values.items()}


def holds_mask(value: JsonValue) -> bool:
    """Whether a mask stands anywhere in `value`."""
    if isinstance(value, str):
        return MASK in value
    if isinstance(value, dict):
        return any(holds_mask(item) for item in value.values())
    if isinstance(value, list):
        return any(holds_mask(item) for item in value)
    return False


def secret_names(value: JsonValue) -> tuple[str, ...]:
    """The names of all secrets that `value` refers to, at any depth."""
    name = secret_name(value)
    if name is not None:
        return (name,)
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return tuple(found for item in items for found in secret_names(item))
