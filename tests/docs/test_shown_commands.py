"""Every command that a page shows is one that the program takes, with the options it shows."""

import re
import shlex

import pytest
import typer.main
from tests.support.pages import DOCS, REPOSITORY

from runthrough.core.views.typed_commands import commands_in
from runthrough.entrypoints.cli.app import app

PAGES = [
    *(page for page in sorted(DOCS.rglob("*.md")) if "adr" not in page.parts),
    *(REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md")),
]
BLOCK = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"`runthrough ([^`\n]+)`")
PROMPTED = re.compile(r"^\s*\$ (?:\w+=\S+ )*runthrough (.+)")
ENDS = "|&;<>()#…"
"""Where a command ends and the shell's own words begin, or something was left out."""
PLACEHOLDERS = {"COMMAND", "VERB"}
ROOT = typer.main.get_command(app)
UNPROMPTED = re.compile(rf"(?<![\w.-])runthrough ((?:{'|'.join(ROOT.commands)})\b.*)")


def shown_in(text):
    """The commands in the blocks of a page, and in its sentences."""
    found = list(INLINE.findall(text))
    for language, block in BLOCK.findall(text):
        if language == "json":
            found += advised_in(block)
            continue
        for line in re.sub(r"\\\n\s*", " ", block).splitlines():
            prompted = PROMPTED.match(line)
            told = "$ " in block and not line.startswith("next:")
            found += [prompted[1]] if prompted else [] if told else UNPROMPTED.findall(line)
    return [words for told in found if (words := words_of(told))]


def advised_in(answer):
    """The commands in the texts of an answer, without what is said of them."""
    spans = (answer[each.start : each.end] for each in commands_in(answer))
    return [span.removeprefix("runthrough ") for span in spans]


def words_of(told):
    """The words of one command, without what the shell does with it."""
    reader = shlex.shlex(told, posix=True, punctuation_chars="|&;<>()")
    reader.whitespace_split, reader.commenters = True, "#"
    words = []
    for word in reader:
        if word[0] in ENDS:
            break
        words.append(word.rstrip("…"))
    return words


def misfit(words):
    """What is wrong with a command; nothing where the program would take it."""
    command, path = ROOT, []
    while below := getattr(command, "commands", {}):
        rest = words[len(path) :]
        if not rest or rest[0].startswith("-") or PLACEHOLDERS & {*rest, "help"}:
            return None
        if rest[0] not in below:
            return f"no command {' '.join([*path, rest[0]])}"
        command, path = below[rest[0]], [*path, rest[0]]
    given = [word for word in words[len(path) :] if word not in {"--help", "-h"}]
    try:
        _, left, _ = command.make_parser(command.context_class(command)).parse_args(given)
    except Exception as error:  # noqa: BLE001 - whatever the parser says is what is wrong
        return None if "requires an argument" in str(error) else str(error)
    return f"{left} is too much" if left else None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(REPOSITORY).as_posix())
def test_shown_commands_are_taken(page):
    """No verb that is not there, no option that it has not, no argument too many."""
    shown = shown_in(page.read_text(encoding="utf-8"))
    assert [(" ".join(words), told) for words in shown if (told := misfit(words))] == []


def test_commands_are_found_where_pages_show_them():
    """In console blocks, in files of other languages, and in sentences; what follows is cut."""
    text = (
        "Say `runthrough why NODE`, not runthrough itself.\n\n"
        "```console\n$ A=1 runthrough run --jobs 2 | tee log\nrunthrough plan says so\n"
        "next:  runthrough check\n```\n\n"
        "```yaml\n- run: runthrough report --github && true\n```\n"
        '```json\n{"fix": "runthrough sessions lists them"}\n```\n'
    )
    assert shown_in(text) == [
        ["why", "NODE"],
        ["run", "--jobs", "2"],
        ["check"],
        ["report", "--github"],
        ["sessions"],
    ]


@pytest.mark.parametrize(
    "wrong", ["rum", "run --job", "audit exprot", "why A B", "db upgrade --force"]
)
def test_a_wrong_command_is_found_out(wrong):
    """A slip in a verb, an option or the number of arguments."""
    assert misfit(wrong.split())
