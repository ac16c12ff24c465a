"""`runthrough serve` as a process: what it refuses to start with, and what it then answers."""

import json
import re
import socket
import sys
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from tests.support.desk import shop
from tests.support.served import served

from runthrough.entrypoints.cli.app import run_command_line
from runthrough.entrypoints.http.serving import (
    ServingWish,
    checked_public_url,
    is_loopback,
    options_of,
)
from runthrough.errors import ServingRefusedError


@pytest.fixture
def desk(tmp_path):
    """The shop, whose session is begun."""
    with shop(tmp_path / "shop") as begun:
        begun.begin()
        yield begun


def token(desk, actor="ada", role="admin"):
    return desk.application("owner").tokens.create(
        actor, role, sessions=None, expires_in_s=3600, created_by="owner"
    )[0]


def pair(folder):
    """A certificate of this machine, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)  # noqa: TID251 - a certificate of this moment
    names = x509.SubjectAlternativeName(
        [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "cert.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return str(certificate), str(secret)


@pytest.fixture
def refused(desk, monkeypatch, capsys):
    """Types `serve` in this process; what it is refused with."""
    for name, value in desk.shell.environ().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(desk.folder)

    def typed(*words):
        assert run_command_line(["serve", "--port", "0", "--json", *words]) == 2
        told = json.loads(capsys.readouterr().out)["error"]
        assert told["code"] in {"SERVING_REFUSED", "SETTING_INVALID"}, told
        assert told["fix"]
        return told

    return typed


@pytest.mark.slow
def test_the_printed_link_signs_in_on_this_machine(desk):
    """Who starts the service here needs no token: a link is printed, and signs in once."""
    with served(desk.shell) as begun, begun.client() as client:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", begun.url)
        assert begun.link.startswith(f"{begun.url}/sign-in?code=")
        code = begun.link.partition("code=")[2]
        sent = {"code": code, "next": "/healthz"}
        origin = {"Origin": begun.url}
        assert client.post("/sign-in", data=sent, headers=origin).status_code == 303
        me = client.get("/api/v1/sessions/demo/status")
        assert me.status_code == 200
        assert me.json()["name"] == "demo"
        assert client.get("/readyz").json()["status"] == "ready"
        assert client.post("/sign-in", data=sent, headers=origin).status_code == 401


@pytest.mark.slow
def test_it_tells_people_where_it_is_and_how_to_stop_it(desk):
    """Without --json the address, the link and the end of it are told in words."""
    import os
    import signal
    import subprocess

    process = subprocess.Popen(
        [sys.executable, "-m", "runthrough", "serve", "--port", "0"],
        cwd=desk.folder,
        env=desk.shell.environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    lines = list(iter(process.stdout.readline, "Ctrl-C stops it.\n"))
    os.kill(process.pid, signal.SIGINT)
    rest, errors = process.communicate(timeout=60)
    assert (process.returncode, rest, errors) == (0, "", "")
    serving = " ".join("".join(lines[:-2]).split())  # a long place takes several lines
    assert re.fullmatch(r"✓ serving .*log\.db at http://127\.0\.0\.1:\d+", serving)
    assert "once, within 10 minutes" in lines[-2]
    assert re.fullmatch(r"  http://127\.0\.0\.1:\d+/sign-in\?code=[\w-]{43}\n", lines[-1])


@pytest.mark.slow
def test_without_a_link_a_token_is_needed(desk, refused):
    """Where nobody could sign in, nothing is served."""
    told = refused("--no-link")
    assert "token create" in told["fix"]
    made = token(desk)
    with served(desk.shell, "--no-link") as begun, begun.client(made) as client:
        assert begun.link is None
        assert client.get("/api/v1/sessions/demo/status").status_code == 200


def test_other_machines_are_served_by_tls_only(desk, refused):
    """Another address than this machine's own needs TLS, and somebody who may sign in."""
    assert "--tls-cert" in refused("--host", "127.0.0.1", "--tls-key", "k")["fix"]
    told = refused("--host", "0.0.0.0", "--public-url", "http://team.example:8642")
    assert "no TLS" in told["message"]
    assert "--behind-proxy" in told["fix"]
    assert "--public-url" in refused("--host", "::")["fix"]
    told = refused("--behind-proxy", "--public-url", "https://a.example")
    assert "no token" in told["message"]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_nobody_goes_past_the_proxy_without_tls(desk, refused, host):
    """Behind a proxy, which ends TLS, only the machine itself reaches the service."""
    token(desk)
    told = refused("--host", host, "--behind-proxy", "--public-url", "https://a.example")
    assert "past the proxy" in told["message"]
    assert "leave out --host" in told["fix"]


def test_tokens_that_have_ended_let_nobody_in(desk, refused):
    """An expired, a revoked and a browser's token are none to begin with."""
    tokens = desk.application("owner").tokens
    ended = token(desk)
    tokens.revoke(ended)
    tokens.browser(None, "owner", "admin", None)
    assert "no token" in refused("--no-link")["message"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--behind-proxy"], "name"),
        (["--public-url", "team.example"], "no address of a service"),
        (["--public-url", "https://team.example/path"], "no address of a service"),
        (["--public-url", "ftp://team.example"], "no address of a service"),
        (["--public-url", "http://team.example:99999"], "no address of a service"),
        (["--public-url", "https://team.example"], "without TLS"),
        (["--behind-proxy", "--public-url", "http://team.example"], "by TLS"),
        (["--tls-cert", "a.pem"], "belong together"),
        (["--tls-cert", "a.pem", "--tls-key", "b.pem"], "cannot be used with its key"),
        (["--host", "192.0.2.1"], "no TLS"),
        (["--host", "no.such.host.invalid"], "no TLS"),
        (["--root", "nowhere"], "no folder"),
        (["--root", "pipeline.yaml"], "no folder"),
    ],
    ids=str,
)
def test_what_would_not_work_is_refused_with_its_reason(refused, words, expected):
    """Every refusal says what, why, and what to type instead."""
    assert expected in refused(*words)["message"]


@pytest.mark.parametrize(
    "words",
    [
        ["--root", ""],
        ["--grace", "nan"],
        ["--grace", "-1"],
        ["--grace", "inf"],
        ["--port", "65536"],
        ["--jobs", "0"],
    ],
    ids=str,
)
def test_options_that_mean_nothing_are_refused(desk, monkeypatch, capsys, words):
    """No folder without a name, and no number that is none."""
    monkeypatch.chdir(desk.folder)
    assert run_command_line(["serve", "--json", *words]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "USAGE"


def test_a_port_that_is_taken_is_told(refused):
    """The error names the port, and the next one to try."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = refused("--port", str(port))
    assert str(port) in told["message"]
    assert f"--port {port + 1}" in told["fix"]


def test_an_address_of_another_machine_is_told(desk, refused):
    """What cannot be bound here is refused with the system's reason."""
    made = pair(desk.folder)
    token(desk)
    words = ("--host", "192.0.2.1", "--tls-cert", made[0], "--tls-key", made[1])
    assert "Nothing can listen" in refused(*words)["message"]


def test_the_extra_that_is_missing_is_named(monkeypatch, capsys):
    """Without the extra `server` the way to install it is told."""
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.setitem(sys.modules, "limits", None)
    assert run_command_line(["serve", "--json"]) == 2
    told = json.loads(capsys.readouterr().out)["error"]
    assert "uvicorn, limits" in told["message"]
    assert "runthrough[server]" in told["fix"]


@pytest.mark.slow
def test_it_serves_by_tls_with_a_certificate_of_its_own(desk):
    """Browsers reach it by https alone, and are told to keep to that."""
    import ssl

    certificate, key = pair(desk.folder)
    words = ("--tls-cert", certificate, "--tls-key", key)
    trusted = ssl.create_default_context(cafile=certificate)
    with served(desk.shell, *words) as begun, begun.client(verify=trusted) as client:
        assert begun.url.startswith("https://127.0.0.1:")
        answer = client.get("/healthz")
        assert answer.headers["strict-transport-security"]
        code = begun.link.partition("code=")[2]
        signed = client.post("/sign-in", data={"code": code}, headers={"Origin": begun.url})
        assert "__Host-runthrough-" in signed.headers["set-cookie"]
        assert "Secure" in signed.headers["set-cookie"]
        assert client.get("/api/v1/sessions/demo/status").status_code == 200


@pytest.mark.slow
def test_behind_a_proxy_it_is_known_by_its_public_name(desk):
    """The proxy of this machine says for whom it asks, and under which name."""
    made = token(desk)
    words = ("--behind-proxy", "--public-url", "https://team.example")
    with served(desk.shell, *words) as begun:
        assert (begun.url, begun.link) == ("https://team.example", None)
        with begun.client() as client:
            own = {"Host": "team.example", "Origin": "https://team.example"}
            for n in range(12):
                sent = {**own, "X-Forwarded-For": f"198.51.100.{n}"}
                answer = client.post("/sign-in", data={"token": "rt_wrong"}, headers=sent)
                assert answer.status_code == 401, "tries of others are not counted together"
            sent = {**own, "X-Forwarded-For": "198.51.100.1"}
            signed = client.post("/sign-in", data={"token": made}, headers=sent)
            assert "Secure" in signed.headers["set-cookie"]
            assert client.get("/healthz", headers=own).headers["strict-transport-security"]
            evil = {"Host": "evil.example"}
            assert client.get("/sign-in", headers=evil).status_code == 421


@pytest.mark.slow
def test_without_a_proxy_nobody_is_believed_whom_they_speak_for(desk):
    """A header that says another address makes no further tries."""
    with served(desk.shell) as begun, begun.client() as client:
        own = {"Origin": begun.url}
        answers = [
            client.post(
                "/sign-in",
                data={"token": "rt_wrong"},
                headers={**own, "X-Forwarded-For": f"198.51.100.{n}"},
            ).status_code
            for n in range(12)
        ]
    assert answers == [401] * 10 + [429] * 2


@pytest.mark.slow
def test_it_serves_sessions_of_postgresql(tmp_path, postgres_url):
    """A team's database is served as a file is."""
    with shop(tmp_path / "shop") as desk:
        told = {"RUNTHROUGH_DATABASE_URL": postgres_url}
        desk.shell.run("new", "pipeline.yaml", "--name", "demo", **told)
        with served(desk.shell, **told) as begun, begun.client() as client:
            code = begun.link.partition("code=")[2]
            client.post("/sign-in", data={"code": code}, headers={"Origin": begun.url})
            assert client.get("/api/v1/sessions/demo/status").status_code == 200
            assert client.get("/readyz").json()["status"] == "ready"


@pytest.mark.slow
def test_postgresql_without_tables_is_told_before_anything_is_served(tmp_path, empty_postgres_url):
    """A team's database is not migrated by the way."""
    with shop(tmp_path / "shop") as desk:
        told = desk.shell.run(
            "serve", "--json", code=4, RUNTHROUGH_DATABASE_URL=empty_postgres_url
        ).json["error"]
    assert told["code"] == "SCHEMA_OUTDATED"
    assert told["fix"].startswith("runthrough db upgrade")


@pytest.mark.slow
def test_a_process_that_stays_searches_for_garbage_as_usual(desk):
    """A command puts it off, since it ends soon; in a service it would pile up."""
    import subprocess

    told = subprocess.run(
        [sys.executable, "-W", "error", "-c", STAYING],
        cwd=desk.folder,
        env=desk.shell.environ(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert told.stdout == "(700, 10, 10) True\n"


STAYING = """
import gc, os, signal
from runthrough.bootstrap import wire
from runthrough.entrypoints.http.serving import LastResort, ServingWish, serve

def told(opened):
    print(gc.get_threshold(), gc.get_freeze_count() > 0, flush=True)
    os.kill(os.getpid(), signal.SIGTERM)

gc.set_threshold(200_000)
here = os.getcwd()
with wire("http", cwd=here, environ=dict(os.environ), confined_to=(here,)) as application:
    serve(application, ServingWish(port=0), told, last=LastResort())
"""


def test_names_of_a_service_are_those_that_browsers_write():
    """Usual ports are left out, and each port that browsers use has a cookie of its own."""
    local = options_of(ServingWish(), 8642)
    assert local.hosts == {"127.0.0.1:8642", "localhost:8642", "[::1]:8642"}
    assert local.origins == {f"http://{host}" for host in local.hosts}
    assert (local.cookie, local.secure) == ("runthrough-8642", False)
    wish = ServingWish(behind_proxy=True, public_url="https://team.example:443")
    team = options_of(wish, 8642)
    assert "team.example" in team.hosts
    assert "https://team.example" in team.origins
    assert (team.cookie, team.secure) == ("__Host-runthrough-443", True)
    plain = ServingWish(public_url="http://team.example:8000")
    assert {options_of(plain, port).cookie for port in (1, 2)} == {"runthrough-8000"}


def test_loopback_is_told_from_other_addresses():
    """Only what this machine alone reaches counts as its own."""
    assert all(map(is_loopback, ["127.0.0.1", "127.8.8.8", "::1", "localhost"]))
    others = ["0.0.0.0", "::", "192.168.0.1", "localhost.evil.example", "", "127.1"]
    assert not any(map(is_loopback, others))


@pytest.mark.parametrize(
    "url", ["https://a:b@c.example", "https://", "https://a.example?x", "//a"]
)
def test_public_addresses_are_plain(url):
    """No name, no secret and no path hides in the address that browsers use."""
    with pytest.raises(ServingRefusedError):
        checked_public_url(url)
    assert checked_public_url("https://Team.Example:8443/") == "https://team.example:8443"
