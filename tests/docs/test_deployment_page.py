"""The page about deploying the service, against its files and what the service is."""

import re
import shlex
import signal

import pytest
import typer.main
from tests.support.desk import Desk, shop, top
from tests.support.held import token
from tests.support.pages import DOCS
from tests.support.runs_on import WAITS
from tests.support.scripts import has_content
from tests.support.served import served, until
from tests.support.service import service

from runthrough.entrypoints.cli.app import app
from runthrough.entrypoints.http.health import ANSWERS_WITHIN_S
from runthrough.entrypoints.http.options import ServiceOptions
from runthrough.entrypoints.http.stream import Streams
from runthrough.errors import StoreUnavailableError

PAGE = (DOCS / "how-to" / "deploy-the-service.md").read_text(encoding="utf-8")
EXAMPLES = DOCS / "examples" / "deployment"
BLOCK = re.compile(r"^<!-- file: (\S+) -->\n\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SHOWN = dict(BLOCK.findall(PAGE))
SERVE = typer.main.get_command(app).commands["serve"]
KILLED = (
    "A service that is killed leaves the truth in the log: the next `run`, `retry` or `resume` of "
    "each session closes what it left open there, and no script whose result was written is run "
    "again."
)
TOTAL = ".runthrough/*/runs/*/total/*"
"""The folders of the attempts at that node, of all sessions."""
UNIT = (EXAMPLES / "runthrough.service").read_text(encoding="utf-8")
NGINX = (EXAMPLES / "nginx.conf").read_text(encoding="utf-8")
CADDY = (EXAMPLES / "Caddyfile").read_text(encoding="utf-8")


def asked_by_unit():
    """The options of the command that the unit starts, as the program reads them."""
    (line,) = re.findall(r"^ExecStart=\S+/runthrough serve (.+)$", UNIT, re.MULTILINE)
    return SERVE.make_context("serve", shlex.split(line)).params


def setting(name):
    """What the unit sets."""
    (value,) = re.findall(rf"^{name}=(.+)$", UNIT, re.MULTILINE)
    return value


def test_the_page_shows_each_file_as_it_is():
    """Who copies from the page has what lies in the repository, and no file is left out."""
    assert SHOWN.keys() == {f"examples/deployment/{path.name}" for path in EXAMPLES.iterdir()}
    for name, text in SHOWN.items():
        assert text == (DOCS / name).read_text(encoding="utf-8"), name


def test_systemd_waits_longer_than_the_service():
    """The scripts have their grace, and how they ended is recorded, before it is killed."""
    assert int(setting("TimeoutStopSec")) >= asked_by_unit()["grace"] + 30
    assert setting("KillMode") == "mixed"


def test_systemd_does_not_give_up_while_the_database_is_away():
    """Five starts within ten seconds are the most that it tries; with the pause there are two."""
    assert setting("Restart") == "on-failure"
    assert int(setting("RestartSec")) > 10 / 5


def test_people_may_write_where_the_service_wrote():
    """Its group goes on with its sessions; the database and the caches are its own alone."""
    umask = setting("UMask")
    assert f"with a umask of {umask.removeprefix('0')} for its members" in PAGE
    assert int(umask, 8) & 0o070 == 0
    assert setting("StateDirectoryMode") == setting("CacheDirectoryMode") == "0700"


def test_the_unit_reads_the_files_that_the_page_makes():
    """What holds secrets is made for nobody else's eyes before anything is written into it."""
    made = re.findall(r"^\$ install --mode=0600 .*?/dev/null (\S+)$", PAGE, re.MULTILINE)
    (passwords,) = re.findall(r"^PGPASSFILE=(\S+)$", PAGE, re.MULTILINE)
    assert made == [setting("EnvironmentFile"), passwords]
    assert f"--owner={setting('User')} /dev/null {passwords}" in PAGE


def test_the_bounds_of_streams_are_as_told():
    """How many a service keeps, and how many of one token."""
    streams = Streams()
    assert f"A service keeps {streams.in_all} streams, and {streams.per_token} of one" in PAGE


def test_what_stands_in_the_way_is_told_in_the_words_of_the_service(tmp_path):
    """Each check of `/readyz` has a row, and a service that nobody follows says it so."""
    with service(tmp_path / "shop") as counter:
        checks = counter.client.get("/readyz").json()["checks"]
        assert checks.keys() == set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))
        counter.application.broadcast.close()
        answer = counter.client.get("/readyz")
        assert answer.status_code == 503
        assert f"| `events` | `{answer.json()['checks']['events']}` |" in PAGE
    assert f"no answer within {ANSWERS_WITHIN_S:g} s" in PAGE
    assert StoreUnavailableError.code in PAGE


def test_the_unit_lets_the_service_write_where_it_serves():
    """The root that it serves is one of the few places that it may write to."""
    assert asked_by_unit()["root"] == setting("ReadWritePaths").split()
    assert setting("WorkingDirectory") == setting("ReadWritePaths")


@pytest.mark.parametrize("proxy", [NGINX, CADDY], ids=["nginx", "caddy"])
def test_the_proxy_leads_to_the_service(proxy):
    """It answers by the name that the service was told, and asks where that listens."""
    options = asked_by_unit()
    assert options["behind_proxy"]
    assert f"127.0.0.1:{options['port']}" in proxy
    assert options["public_url"].removeprefix("https://") in proxy


def test_the_proxy_takes_what_the_service_takes():
    """No body that the service would take is too large for the proxy, and no stream too quiet."""
    (size_m,) = re.findall(r"client_max_body_size (\d+)m;", NGINX)
    (quiet_s,) = re.findall(r"proxy_read_timeout (\d+)s;", NGINX)
    (size_mb,) = re.findall(r"max_size (\d+)MiB", CADDY)
    body_bytes = ServiceOptions(frozenset(), frozenset()).body_bytes
    assert int(size_m) * 1024**2 == int(size_mb) * 1024**2 == body_bytes
    assert int(quiet_s) > 2 * Streams().heartbeat_s
    assert "proxy_buffering off;" in NGINX
    assert "flush_interval -1" in CADDY


def attempts(desk: Desk, node: str, run: str) -> list[str]:
    """How the attempts at a node ended, in one run."""
    ends = desk.events("ScriptExecuted")
    return [end["outcome"] for _, of, end in ends if (of, end["run"]) == (node, run)]


@pytest.mark.slow
def test_what_a_killed_service_left_open_is_closed_by_what_comes_next(tmp_path):
    """By a run, a retry or a resume of each session; what had a result by then counts as it is."""
    assert KILLED in PAGE
    with shop(tmp_path / "shop") as desk:
        (desk.folder / "hold").touch()
        desk.script("total", WAITS)
        nexts = {"one": "runs", "two": "retry", "three": "resume"}
        for name in nexts:
            desk.begin(name=name, report=top())
        made = token(desk)
        with served(desk.shell) as killed, killed.client(made) as client:
            left = {name: client.post(address(name, "runs")).json()["run"] for name in nexts}
            until(lambda: sum(map(has_content, desk.folder.glob(f"{TOTAL}/stdout.log"))) == 3)
            killed.signed(signal.SIGSTOP)  # results are written that it does not come to record
            (desk.folder / "hold").unlink()
            until(lambda: len(list(desk.folder.glob(f"{TOTAL}/result.json"))) == 3)
            killed.signed(signal.SIGKILL)
            killed.ended()
        assert desk.count("ScriptExecuted", "total") == desk.count("RunFinished") == 0

        with served(desk.shell) as again, again.client(made) as client:
            for name, verb in nexts.items():
                answer = client.post(address(name, verb), json={})
                assert answer.status_code in {200, 202}, answer.text
                closed = client.get(address(name, f"runs/{left[name]}")).json()
                assert closed["status"] == "interrupted"
                assert attempts(desk, "clean", left[name]) == ["passed"]
                assert attempts(desk, "total", left[name]) == ["passed"]
                if verb == "resume":
                    answer = client.post(address(name, "runs"))
                run = address(name, f"runs/{answer.json()['run']}")
                until(lambda run=run: client.get(run).json()["status"] == "passed")
        assert desk.count("ScriptStarted", "clean") == desk.count("ScriptStarted", "total") == 3
        assert desk.application("ops").auditing.verify().ok


def address(session: str, verb: str) -> str:
    """Where something is asked of a session."""
    return f"/api/v1/sessions/{session}/{verb}"
