"""Secrets: how they are named, told apart, and kept out of commands.

Rules (DESIGN § 7): names ending in TOKEN, SECRET, PASSWORD, API_KEY and the like; known key
prefixes; PEM blocks; the password of a URL or a connection string, and what a query or a header
hands over. What only looks secret is given as `{"plain": VALUE}`.

Texts come from strangers, so every expression takes time in proportion to the text: none may
begin anew within what it has read in vain, whence the possessive and atomic groups, and the `(?<!`
that let a rule begin only where a run of signs does.
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
    | (?:sk|pypi)-                             # OpenAI, PyPI; not sk-learn-with-a-name
      (?=[A-Za-z_-]{0,64}[0-9]|[A-Za-z_-]{64})[0-9A-Za-z_-]{20,}
    | sk_live_[0-9A-Za-z]{16,}                 # Stripe
    | hf_[0-9A-Za-z]{30,}                      # Hugging Face
    | AIza[0-9A-Za-z_-]{35,}                   # Google
    | rt_[0-9a-f]{12}_[0-9A-Za-z_-]{20,}       # a token of ours, cut short as well
    )
    """,
    re.VERBOSE,
)
_WEB_TOKEN = re.compile(
    r"""
    (?<![0-9A-Za-z_-])
    (?P<head> (?>[0-9A-Za-z_-]*?(?:(?<![0-9A-Za-z])|(?<=%[0-9A-Fa-f]{2}))(?=eyJ)))
    eyJ[0-9A-Za-z_-]{10,}+\.[0-9A-Za-z_-]{10,}+\.[0-9A-Za-z_-]{10,}+
    """,
    re.VERBOSE,
)
"""Three runs of signs with points between them, of which the first is JSON in base64."""
_NAME_OF_A_SECRET = re.compile(r"[A-Za-z0-9_./-]+")
_NAME_OF_A_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BEGINS_A_SECRET = re.compile(
    r"""
    (?<![0-9A-Za-z]) (?:
      sk- | gh[pousr]_ | github_pat_ | glpat- | xox[abprs]- | pypi- | AIza
    | [prs]k_(?:live|test)_(?:(?=[A-Za-z_]{0,64}[0-9]|[A-Za-z_]{64})|[0-9A-Za-z]{12})
    | hf_[0-9A-Za-z]{12} | (?:AKIA|ASIA)[0-9A-Z]{12} | rt_[0-9a-f]{6} | eyJ[0-9A-Za-z_-]{10}
    )
    """,
    re.VERBOSE,
)
"""A secret of any length, even a piece of one: nobody calls a secret so."""
_DRAWN_AT_RANDOM = re.compile(r"(?=[A-Za-z]*[0-9])[0-9A-Za-z]{24,}")
"""No name of a variable is as long without an underscore and holds digits."""
_URL_USER = re.compile(
    # A recorded path has one slash where a URL has two. A number is a port where the path, the
    # query or the end follows it.
    r"(?:://|(?<!\babs):/)[^\s/:]*:(?!\d+(?:[/?#\s]|\Z))"
)
_WORD = re.compile(r"\S++")
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
    (?P<head> ;\s*+[\w\ -]*?(?:{_NAMES}|AccountKey|Pwd(?!\s*=\s*[/~.$]))\s*+=\s*+ )
    (?: "[^"]*" | '[^']*' | [^;\s]+ )
    """,
    re.IGNORECASE | re.VERBOSE,
)
_FIRST_NAME = rf"(?<![\w./;?&-])[\w-]*(?:{_NAMES}|AccountKey|Pwd(?!=[/~.$]))="
_ANOTHER_PAIR = r"(?=;\s*+(?:[\w\ -]++|(?<=\ ))=)"
_FIRST_OF_PAIRS = re.compile(_FIRST_NAME, re.IGNORECASE)
_FIRST_QUOTED = re.compile(
    rf"""(?P<head>{_FIRST_NAME})(?:"[^"]*+"|'[^']*+'){_ANOTHER_PAIR}""", re.IGNORECASE
)
_BEFORE_A_PAIR = re.compile(rf"(?<![^;\s])[^;\s]++{_ANOTHER_PAIR}")
"""`Server=x;Password=y;`: pairs with semicolons between them. In a shell `PWD` is a folder."""
_UP_TO_THE_STOP = r"""(?:\S*[^\s\]).,;:'"}])?"""
"""The rest of a word, without the signs that end a sentence, a list or a quotation behind it."""
_ASSIGNED = re.compile(
    rf"""
    (?<![\w.-]) (?P<before>(?>[\w.-]*?(?<![\w.])(?=[A-Za-z_])))
    (?P<name>[A-Za-z_][\w.-]*+) (?P<sign>=|\ =\ ) (?!=)
    (?P<value> "[^"]*" | '[^']*' | \S{_UP_TO_THE_STOP} )
    """,
    re.VERBOSE,
)
"""`NAME=VALUE` as people write it into a sentence; the sentence goes on behind the value."""
_SAID = re.compile(
    rf"""
    (?: (?<![\w.@/]) (?P<words>(?i:api|access|private|secret)\ key)
      | (?<![\w-]) (?P<before>(?>[\w-]*?(?<![\w.@/])(?=[A-Za-z_]))) (?P<name>[A-Za-z_][\w-]*+) )
    (?P<sign>["']?\ ?:[ ]*+|\ is\ ) (?!/)
    (?P<scheme>(?i:Basic|Bearer|Digest|Token)\ ++)?
    (?P<value> "[^"]*" | '[^']*' | [^\s"'(`]{_UP_TO_THE_STOP} )
    """,
    re.VERBOSE,
)
"""`NAME: VALUE`, as a list or a header has it, and `the NAME is VALUE`."""
_OPTION = re.compile(
    rf"""
    (?<![\w-]) --?(?P<name>[A-Za-z][\w-]*+) (?P<sign>\ ++)
    (?P<value> "[^"]*" | '[^']*' | [^\s"'(`-]{_UP_TO_THE_STOP} )
    """,
    re.VERBOSE,
)
"""`--NAME VALUE`, as a command line has it."""
_PLAIN_WORD = re.compile(r"[A-Za-z]?[a-z]+")
_GOES_ON = re.compile(r"[ \n]+[A-Za-z]")
_TELLING = re.compile(r"(?=.*[\d!@#$%^&*?+=]).{4,}")
"""What nobody says of a secret, so that behind `is` it must be the secret."""
_HEAD_AND_MASK = rf"\g<head>{MASK}"
_LOOK_BACK = 64
"""Signs before a name in which the bracket of a reference is looked for."""
_TIMES = 5
"""Where secrets stand in one another, a mask may end in a place that another rule reads anew."""
_STRONG_NAME = re.compile(r"(?:PASSWORD|PASSWD|PASSPHRASE)$", re.IGNORECASE)
"""Names that are hardly ever about anything else, so that any word may be the secret."""
_SPEAKS_OF_IT = re.compile(
    r"""
    a | all | an | and | another | any | argument | as | ask | asked | at | by | came |
    changed | comes | configuration | empty | environment | expired | for | from | given |
    goes | has | have | held | hidden | if | in | input | instead | invalid | is | it |
    kept | lacks | lies | looks | may | missing | must | needs | never | no | not |
    nothing | now | of | on | only | option | or | output | please | private | public |
    read | recorded | required | requires | rotated | script | secret | see | set | should
    | stands | stored | strings | that | the | their | this | to | unknown | unset |
    unused | used | wanted | was | what | when | where | which | with | without | wrong |
    you | your
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""Words that begin what is said of a secret, in notes and in our own errors."""
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


def names_a_secret(text: str) -> bool:
    """Whether a text may be a secret's name: it is recorded, so it must not be the secret."""
    plausible = _NAME_OF_A_SECRET.fullmatch(text) and not _BEGINS_A_SECRET.search(text)
    return bool(plausible) and not looks_secret(text)


def names_a_variable(text: str) -> bool:
    """Whether a text that somebody typed bare names a secret, and is not the secret itself."""
    plausible = _NAME_OF_A_VARIABLE.fullmatch(text) and not _DRAWN_AT_RANDOM.fullmatch(text)
    return bool(plausible) and names_a_secret(text)


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
    if "@" in text and ":/" in text:
        text = _WORD.sub(_url_masked, text)
    text = _QUERY_SECRET.sub(_HEAD_AND_MASK, text)
    text = _BEARER.sub(_HEAD_AND_MASK, text)
    if ";" in text:
        text = _CONNECTION_PASSWORD.sub(_HEAD_AND_MASK, text)
        text = _FIRST_QUOTED.sub(_HEAD_AND_MASK, text)
        text = _BEFORE_A_PAIR.sub(_first_pair_masked, text)
    return _SECRET_TEXT.sub(MASK, _WEB_TOKEN.sub(_HEAD_AND_MASK, text))


def _url_masked(word: re.Match[str]) -> str:
    """A word without the password of the first URL in it, up to the last `@`."""
    text = word[0]
    at, user = text.rfind("@"), _URL_USER.search(text)
    return text if user is None or user.end() >= at else f"{text[: user.end()]}{MASK}{text[at:]}"


def _first_pair_masked(run: re.Match[str]) -> str:
    """What stands before a semicolon, without the value of the first name in it that says secret.

    It is looked for in the whole text: what stands before the run tells where a name begins.
    """
    found = _FIRST_OF_PAIRS.search(run.string, run.start(), run.end())
    if found is None or found.end() == run.end():
        return run[0]
    return f"{run.string[run.start() : found.end()]}{MASK}"


def looks_secret(text: str) -> bool:
    """Whether a text holds what a rule masks, so that it cannot be a name: names are keys."""
    return masked_text(text) != text or MASK in text


def masked_prose(text: str) -> str:
    """A sentence of a person's, or about what one typed, safe to keep and to show.

    Beside what `masked_text` finds it masks `NAME=VALUE`, `NAME: VALUE`, `--NAME VALUE` and `the
    NAME is VALUE` under a name that says secret. Paths and values are no sentences: in a folder
    `token=a` it would mask a piece of the path.
    """
    for _ in range(_TIMES):
        told = _ASSIGNED.sub(_assignment_masked, masked_text(text))
        told = _OPTION.sub(_option_masked, _SAID.sub(_saying_masked, told))
        if told == text:
            break
        text = told
    return text


def _assignment_masked(found: re.Match[str]) -> str:
    name, value = found["name"], found["value"]
    if not _given(name, value):
        return found[0]
    return f"{found['before']}{name}{found['sign']}{MASK}"


def _saying_masked(found: re.Match[str]) -> str:
    """`NAME: VALUE`, unless the words go on to speak of the secret rather than tell it."""
    told, sign, value = found["words"] or found["name"], found["sign"], found["value"]
    name, bare, text = told.replace(" ", "_"), value.strip("\"'"), found.string
    begins = max(found.start("words"), found.start("name"))
    before = text[max(0, begins - _LOOK_BACK) : begins].rstrip("\"' ")
    refers = name.lower() == "secret" and before.endswith("{")
    if refers or not _given(name, value) or _SPEAKS_OF_IT.fullmatch(bare):
        return found[0]
    quoted = value != bare
    if sign == " is " and not (quoted or _TELLING.fullmatch(bare)):
        return found[0]
    goes_on = _GOES_ON.match(text, found.end()) is not None
    speaks = goes_on and not quoted and _PLAIN_WORD.fullmatch(bare) is not None
    if speaks and not found["scheme"] and not _STRONG_NAME.search(name):
        return found[0]
    return f"{found['before'] or ''}{told}{sign}{found['scheme'] or ''}{MASK}"


def _option_masked(found: re.Match[str]) -> str:
    name, value = found["name"], found["value"]
    if _SPEAKS_OF_IT.fullmatch(value.strip("\"'")) or not _given(name.replace("-", "_"), value):
        return found[0]
    return f"{found[0][: found.start('value') - found.start()]}{MASK}"


def _given(name: str, value: str) -> bool:
    """Whether what stands behind a name is taken for a secret, and not for a place to fill in."""
    bare = value.strip("\"'")
    number = float(bare) if re.fullmatch(r"\d{1,15}", bare) else None
    return not _SAYS_NOTHING.fullmatch(value) and _secret_by_name(
        name, bare if number is None else number
    )


def masked_value(name: str, value: JsonValue) -> JsonValue:
    """`value` of a variable or argument called `name`, safe to put into a command.

    `{"secret": NAME}` stays where NAME may be a name, `{"plain": V}` becomes V unlooked at, and
    all else that a rule takes for a secret becomes the mask, at any depth. A switch is none. A
    number is one under names such as PASSWORD or SECRET, and under TOKEN or API_KEY from ten
    digits on.
    """
    reference = secret_name(value)
    if reference is not None:
        return {"secret": reference} if names_a_secret(reference) else MASK
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
