"""The proof of redaction: secrets left at every door are in no byte that is kept or told.

`test_planted_secrets.py` plants them where scripts are configured and run. Here they are planted
where sessions are begun, named, noted, forked, changed and handed to an auditor; and everything
is searched that these leave behind, on each back end.
"""

import json
import zlib
from pathlib import Path

import pytest
from tests.support.cli import Shell
from tests.support.planted import LEAKS, Search

from runthrough.adapters.store.opening import open_database
from runthrough.adapters.store.snapshots import SqlSnapshotCache
from runthrough.adapters.store.sql import SqlEventStore
from runthrough.adapters.store.sql_directory import SqlSessionDirectory
from runthrough.adapters.store.tables import METADATA, SNAPSHOTS
from runthrough.core.state import SessionState
from runthrough.core.views.loaded import Loaded

pytestmark = pytest.mark.slow

URL = "https://ann:{}@host/x"
GOSSIP = '''
"""Tell what another script wrote, which is a secret that this one was never given."""
import sys
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    told = Path(input_paths["told"]).read_text()
    print("heard", told, flush=True)
    print("heard", told, file=sys.stderr)
    Path(output_paths["heard"]).write_text("something")
    return {"heard": told}
'''
PIPELINE = """\
name: secrets
scripts: [scripts]
nodes:
  leaks:
    script: scripts/leaks.py
    outputs: {told: told-leaks}
  gossip:
    inputs: {told: told-leaks}
  raises:
    script: scripts/leaks.py
    outputs: {told: told-raises}
edges:
  - [leaks, gossip]
"""
BROKEN = {
    "value of another kind": "nodes: {{leaks: {{timeout_s: '{}'}}}}",
    "unknown key": "nodes: {{leaks: {{'{}': 1}}}}",
    "unknown node": "nodes: {{leaks: {{}}}}\nedges: [[leaks, '{}']]",
    "twice": "nodes: {{leaks: {{}}}}\nedges:\n  - '{}'\n",
    "no yaml": "nodes:\n  leaks: {{timeout_s: '{}'\nedges: [",
    "limits": "nodes: {{leaks: {{limits: {{memory_bytes: '{}'}}}}}}",
}
"""Pipeline files that are wrong at the place where somebody left a secret."""
OWN = (r"pipeline\.yaml", r"broken-.*\.yaml", r"scripts/.*", r"told-.*")
REFUSED = (
    ("new pipeline.yaml --name {}", 2),
    ("fork --name {}", 2),
    ("rename {}", 2),
    ("bind leaks {}", 2),
    ("configure leaks --env SERVICE_TOKEN={}", 2),
    ("configure leaks --arg password={}", 2),
    ("configure leaks --input told={}", 2),
    ("configure leaks --python {}", 2),
    ("connect leaks.{} gossip.told", 2),
    ("external gossip --output heard={}", 2),
    ("status --session {}", 2),
    ("requirements {}", 2),
    ("run {}", 5),
    ("update {}", 2),
    ("new {}", 2),
    ("new --from-folder {}", 2),
    ("audit verify {}", 2),
    ("audit import {}", 2),
    ("audit export --type {}", 2),
    ("audit export --since {}", 2),
    ("audit export --session {}", 2),
    ("audit export --format csv --node {}", 2),
    ("history --node {}", 2),
    ("report --html -o {}/x.html", 2),
    ("no-such-command {}", 2),
    ("status --no-such-option={}", 2),
    ("audit verify --against {}", 2),
)
"""What is typed with a secret in it, and refused for one reason or another, with its exit code."""
KEPT = (
    "note see-{}",
    "configure gossip --note see-{}",
    "note other --as {}",
    "audit export -o by-{number}.jsonl --actor {}",
)
"""What is typed with a secret in it and recorded all the same, without it."""
FILES = (
    "audit export -o all.jsonl",
    "audit export -o one.jsonl --session demo",
    "audit export -o some.jsonl --type ScriptExecuted --type CommandRefused",
    "audit export -o all.csv --format csv",
    "audit export -o forked.jsonl --session copy",
    "close --session copy",
    "archive -o archived.jsonl --session copy",
    "audit checkpoint -o note.json",
    "export --pipeline written.yaml --session demo",
    "report --html -o report.html --session demo",
    "report --junit -o report.xml --session demo",
    "report --markdown -o report.md --session demo",
    "report --github -o report.txt --session demo",
)
SCREENS = (
    "status",
    "resume",
    "sessions",
    "requirements leaks",
    "history",
    "as-of 3",
    "diff 2 now",
    "logs leaks",
    "logs gossip",
    "logs raises",
    "plan",
    "why leaks",
    "check",
    "report",
    "doctor",
    "audit verify",
)
WITHOUT_SESSION = {"sessions", "doctor", "audit verify"}


class Typing:
    """A person at a shell; everything that they get to read is searched."""

    def __init__(self, folder: Path, url: str) -> None:
        self.shell, self.search, self.url = Shell(folder), Search(), url
        self.known = {
            "LOGIN": self.search.plant("variable"),
            "PASSWORD": self.search.plant("argument"),
        }

    def type(self, line: str, *words: str, code: int = 0) -> None:
        environ = {"RUNTHROUGH_DATABASE_URL": self.url, "RUNTHROUGH_LOG_LEVEL": "debug"}
        done = self.shell.run(*line.split(), *words, code=code, **environ, **self.known)
        self.search.say(line, done.out, done.err)

    def plant(self, line: str, *, code: int = 0, **more: object) -> None:
        """Type a line with a secret of its own in it."""
        self.type(self.search.plant(line, form=line.format(URL, **more)), code=code)


@pytest.fixture
def typing(tmp_path):
    """A pipeline whose scripts tell the secrets that they are given, and one that of another."""
    return prepared(tmp_path, f"sqlite:///{tmp_path}/log.db")


def prepared(folder: Path, url: str) -> Typing:
    person = Typing(folder, url)
    person.shell.file("scripts/leaks.py", LEAKS.lstrip())
    person.shell.file("scripts/gossip.py", GOSSIP.lstrip())
    person.shell.file("pipeline.yaml", PIPELINE)
    return person


def kept_rows(url: str) -> dict[str, list[bytes]]:
    """Every row of every table as text, and every snapshot without its compression."""
    with open_database(url) as database, database.reading() as connection:
        rows = {
            table.name: [repr(tuple(row)).encode() for row in connection.execute(table.select())]
            for table in METADATA.sorted_tables
        }
        found = connection.execute(SNAPSHOTS.select()).all()
    rows["snapshots opened"] = [part for row in found for part in inflated(row.content)]
    return rows


def inflated(content: bytes) -> list[bytes]:
    """Each compressed part of a snapshot, wherever it begins."""
    parts = []
    for begin in range(len(content)):
        if content[begin] == 0x78:  # the first byte of such a part
            try:
                parts.append(zlib.decompressobj().decompress(content[begin:]))
            except zlib.error:
                continue
    return parts


def take_snapshots(url: str) -> None:
    """Let the database keep a snapshot of every session, as it does of long ones."""
    with open_database(url) as database:
        for entry in SqlSessionDirectory(database).sessions():
            loaded = Loaded(SessionState(entry.session_id))
            loaded.fold(SqlEventStore(database).read(entry.session_id))
            SqlSnapshotCache(database).keep(loaded)


def configure(person: Typing) -> None:
    login = 'login={"password": {"secret": "PASSWORD"}}'
    for node, end in (("leaks", "passes"), ("raises", "raises")):
        line = f"configure {node} --env LOGIN=@secret:LOGIN --arg end={end} --arg"
        person.type(line, login)


def search_all(person: Typing) -> bytes:
    """Everything that was told or is kept, with the rows of the database; nothing may be found."""
    search, folder = person.search, person.shell.folder
    for table, rows in kept_rows(person.url).items():
        search.say(f"table {table}", *(row.decode("utf-8", "replace") for row in rows))
    search.files(folder, own=OWN)
    assert (folder / "told-leaks").read_text() == person.known["LOGIN"]
    assert search.found() == {}
    return search.read()


def test_secret_left_at_any_door_is_found_nowhere(typing, tmp_path):
    """Typed, named, noted, forked, reported, exported, imported: no byte of it is left."""
    search = typing.search
    typing.type("new pipeline.yaml --name demo")
    for number, (what, content) in enumerate(BROKEN.items()):
        secret = search.plant(f"file {what}", form=URL)
        typing.shell.file(f"broken-{number}.yaml", f"name: x\n{content.format(secret)}\n")
        typing.type(f"new broken-{number}.yaml --name other", code=2)
        typing.type(f"update broken-{number}.yaml", code=2)
    configure(typing)
    for line, code in REFUSED:
        typing.plant(line, code=code)
    for number, line in enumerate(KEPT):
        typing.plant(line, number=number)
    typing.type("run", code=1)
    typing.type("fork --name copy")
    take_snapshots(typing.url)
    for line in FILES:
        typing.type(line)
    for file in ("all.jsonl", "forked.jsonl"):
        typing.type(f"audit import {file} --json --database sqlite:///{tmp_path}/{file}.db")
    for line in SCREENS:
        of = "" if line in WITHOUT_SESSION else " --session demo"
        for form in ("", " --json"):
            typing.type(f"{line}{of}{form}")
    typing.type("audit export")
    read = search_all(typing)
    for held in (
        b"ScriptExecuted",
        b"all.csv",
        b"written.yaml",
        b"report.html",
        b"heard [masked]",
    ):
        assert held in read, held


def test_secret_left_at_any_door_is_in_no_row_of_a_server(postgres_url, tmp_path):
    """What PostgreSQL keeps of it, in every table and in every snapshot, holds no byte of it."""
    typing = prepared(tmp_path, postgres_url)
    typing.type("new pipeline.yaml --name demo")
    configure(typing)
    for line, code in REFUSED[:10]:
        typing.plant(line, code=code)
    for number, line in enumerate(KEPT):
        typing.plant(line, number=number)
    typing.type("run", code=1)
    typing.type("fork --name copy")
    take_snapshots(typing.url)
    assert b"SessionForked" in search_all(typing)


def test_snapshots_are_searched_without_their_compression(tmp_path):
    """The search above opens what snapshots hold: something that stands in one is found."""
    shell = Shell(tmp_path)
    shell.file("scripts/gossip.py", GOSSIP.lstrip())
    shell.file("pipeline.yaml", "name: one\nscripts: [scripts]\nnodes: {gossip: {}}\n")
    shell.run("new", "pipeline.yaml", "--name", "demo")
    url = f"sqlite:///{shell.database}"
    take_snapshots(url)
    opened = b"".join(kept_rows(url)["snapshots opened"])
    assert b"gossip" in opened
    assert b"gossip" not in b"".join(kept_rows(url)["snapshots"])
    assert json.dumps("scripts/gossip.py")[1:-1].encode() in opened
