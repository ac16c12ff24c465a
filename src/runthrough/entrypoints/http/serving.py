"""The process that serves: what it refuses to start with, its socket, and how it ends."""

import asyncio
import ipaddress
import logging
import os
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

import uvicorn

from runthrough.bootstrap import Application, new_secret
from runthrough.entrypoints.http.app import create_app
from runthrough.entrypoints.http.garbage import collect_as_usual
from runthrough.entrypoints.http.options import ServiceOptions
from runthrough.entrypoints.http.patience import PatientProtocol
from runthrough.entrypoints.http.service import Service
from runthrough.errors import ServingRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

REQUESTS_END_WITHIN_S = 5
"""Requests that are on when a stop begins have so long; streams are ended at once."""
LOOKS_S = 0.1
"""How soon a second signal is heeded."""
LAST_S = 10.0
"""So long requests that hang, such as on a database, hold up the end of the process."""
HEAD_BYTES = 32 * 1024
"""Longer request heads are refused while they are read; what is allowed is less (`guards`)."""
PROXIES = "127.0.0.1,::1"
"""Peers that are believed whom they speak for: a proxy on the same machine."""
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class ServingWish:
    """How a service is wanted."""

    host: str = "127.0.0.1"
    port: int = 8642
    """0 for any that is free."""
    public_url: str | None = None
    tls_cert: str | None = None
    tls_key: str | None = None
    behind_proxy: bool = False
    """Whether a proxy of this machine ends TLS in front of it."""
    jobs: int = 1
    grace_s: float = 30.0
    link: bool = True
    """Whether a link that signs in once is given out, where that is safe."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What whoever started the service is told."""

    url: str
    """Where browsers find it."""
    listens: str
    """Where it listens, which is another address behind a proxy."""
    link: str | None
    """Signs in once, within 10 minutes."""


class LastResort:
    """Ends a process that a request holds up, such as one that waits for a database.

    What such a request leaves half done, a kill would leave so too.
    """

    def __init__(self) -> None:
        self._returned = False

    def begin(self) -> None:
        """Give whatever hangs a little time from now on."""
        timer = threading.Timer(LAST_S, self._end)
        timer.daemon = True
        timer.start()

    def returned(self) -> None:
        """All was let go of; only threads that hang could still hold up the end."""
        self._returned = True

    def _end(self) -> None:
        if not self._returned or not threading.main_thread().is_alive():
            os._exit(0)


def serve(
    application: Application,
    wish: ServingWish,
    told: Callable[[Opened], None],
    *,
    last: LastResort,
) -> None:
    """Serve until a signal ends it; `told` is called once requests can come.

    From then on when it has ended, `last` ends a process that hangs.

    Raises:
        ServingRefusedError: It would be unsafe, or cannot be.
    """
    local = is_loopback(wish.host)
    _refuse_unsafe(application, wish, local=local)
    with opened_socket(wish.host, wish.port) as listening:
        port = listening.getsockname()[1]
        app = create_app(application, options_of(wish, port))
        service: Service = app.state.service
        listens = f"{_scheme(wish)}://{_netloc(wish.host, port)}"
        url = wish.public_url or listens
        link = None
        if wish.link and local and not wish.behind_proxy:
            link = f"{url}/sign-in?code={service.code.issue(new_secret)}"
        config = uvicorn.Config(
            app,
            http=PatientProtocol,
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            log_level=logging.WARNING,
            access_log=False,
            server_header=False,
            proxy_headers=wish.behind_proxy,
            forwarded_allow_ips=PROXIES,
            h11_max_incomplete_event_size=HEAD_BYTES,
            timeout_graceful_shutdown=REQUESTS_END_WITHIN_S,
            ssl_certfile=wish.tls_cert,
            ssl_keyfile=wish.tls_key,
        )
        server = Server(
            config,
            service,
            on_started=lambda: told(Opened(url, listens, link)),
            on_stopped=last.begin,
        )
        collect_as_usual()
        service.watch.start()
        try:
            server.run(sockets=[listening])
        finally:
            service.watch.stop()


class Server(uvicorn.Server):
    """uvicorn's, which ends what this service runs before it ends itself."""

    def __init__(
        self,
        config: uvicorn.Config,
        service: Service,
        *,
        on_started: Callable[[], None],
        on_stopped: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._service = service
        self._on_started = on_started
        self._on_stopped = on_stopped

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Take requests, and tell so."""
        await super().startup(sockets)
        self._on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more requests, end streams at once, and runs when their grace is over."""
        service = self._service
        service.stopping = True
        service.application.log("stopping", grace_s=service.options.grace_s)
        service.watch.stop()
        stopped, silent = asyncio.Event(), asyncio.Event()
        self._in_thread(self._end_runs, stopped)
        self._in_thread(service.application.broadcast.close, silent)
        await super().shutdown(sockets)
        hurried = False
        while not stopped.is_set():
            if self.force_exit and not hurried:
                hurried = True
                self._in_thread(self._end_runs, stopped)
            with suppress(TimeoutError):
                await asyncio.wait_for(stopped.wait(), LOOKS_S)
        with suppress(TimeoutError):
            await asyncio.wait_for(silent.wait(), REQUESTS_END_WITHIN_S)
        self._on_stopped()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop at the first signal; the second one gives no more grace.

        The signal is not raised again at the end, as uvicorn does: a stop that was asked for has
        gone well.
        """
        del sig, frame
        self.force_exit = self.should_exit
        self.should_exit = True

    def _end_runs(self) -> None:
        grace_s = 0.0 if self.force_exit else self._service.options.grace_s
        if not self._service.application.background.stop(grace_s):
            self._service.application.log("stopping", failed="a run did not end")

    def _in_thread(self, work: Callable[[], object], done: asyncio.Event) -> None:
        """Do it in a thread that the end of the process does not wait for."""
        loop = asyncio.get_running_loop()

        def run() -> None:
            try:
                work()
            finally:
                with suppress(RuntimeError):  # the loop has ended: nobody waits any more
                    loop.call_soon_threadsafe(done.set)

        threading.Thread(target=run, name="runthrough-stop", daemon=True).start()


def options_of(wish: ServingWish, port: int) -> ServiceOptions:
    """How a service on that port meets the outside."""
    urls = [f"{_scheme(wish)}://{_netloc(wish.host, port)}"]
    if is_loopback(wish.host):
        names = ("127.0.0.1", "localhost", "[::1]")
        urls += [f"{_scheme(wish)}://{name}:{port}" for name in names]
    if wish.public_url is not None:
        urls.append(wish.public_url)
    met = [met_at for url in urls for met_at in _met_at(url)]
    secure = bool(wish.tls_cert or wish.behind_proxy)
    browsers_port = port if wish.public_url is None else _port_of(wish.public_url)
    return ServiceOptions(
        hosts=frozenset(met),
        origins=frozenset(
            f"{urlsplit(url).scheme}://{host}" for url in urls for host in _met_at(url)
        ),
        secure=secure,
        grace_s=wish.grace_s,
        jobs=wish.jobs,
        # The prefix makes browsers refuse the cookie from any other host, and without TLS. All
        # processes behind one public address know the same cookie, wherever they listen.
        cookie=f"{'__Host-' if secure else ''}runthrough-{browsers_port}",
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@contextmanager
def opened_socket(host: str, port: int) -> "Iterator[socket.socket]":
    """A socket that listens there.

    Raises:
        ServingRefusedError: The port is taken, or there is no such address here.
    """
    bound = "127.0.0.1" if host == "localhost" else host
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            bound, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as exc:
        raise ServingRefusedError(
            f"{host!r} is no address of this machine: {getattr(exc, 'strerror', None) or exc}.",
            fix="give one, such as --host 127.0.0.1",
        ) from exc
    with socket.socket(family, kind, protocol) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(address)
            listening.listen(2048)
        except OSError as exc:
            raise ServingRefusedError(
                f"Nothing can listen on port {port} of {host}: {exc.strerror}.",
                fix=f"end what uses it, or give another one: --port {port + 1 if port else 8642}",
            ) from exc
        yield listening


def checked_public_url(url: str) -> str:
    """The address that browsers use, without a slash at its end.

    Raises:
        ServingRefusedError: It is none.
    """
    refused = ServingRefusedError(
        f"{url!r} is no address of a service.",
        fix="give scheme, name and port, such as --public-url https://runthrough.example:8443",
    )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise refused from None
    del port
    extra = parts.path.strip("/") or parts.query or parts.fragment or parts.username
    if parts.scheme not in _PORTS or not parts.hostname or extra or not url.isprintable():
        raise refused
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _refuse_unsafe(application: Application, wish: ServingWish, *, local: bool) -> None:
    if wish.public_url is not None:
        secure = bool(wish.tls_cert or wish.behind_proxy)
        if urlsplit(wish.public_url).scheme != ("https" if secure else "http"):
            raise ServingRefusedError(
                f"{wish.public_url} does not fit: browsers reach this service "
                f"{'by' if secure else 'without'} TLS.",
                fix="begin it with https:// behind a proxy or with a certificate, else with "
                "http://",
            )
    elif wish.behind_proxy or _is_any(wish.host):
        raise ServingRefusedError(
            "By what name browsers will know the service cannot be told from here.",
            fix="name it: --public-url https://runthrough.example",
        )
    _refuse_certificate(wish)
    if not local and wish.behind_proxy:
        raise ServingRefusedError(
            f"On {wish.host} others could go past the proxy, where there is no TLS.",
            fix="leave out --host: a proxy of this machine finds it at 127.0.0.1; or leave out "
            "--behind-proxy, and give --tls-cert FILE --tls-key FILE",
        )
    if not local and not wish.tls_cert:
        raise ServingRefusedError(
            f"On {wish.host} others could read tokens on their way: there is no TLS.",
            fix="give --tls-cert FILE --tls-key FILE; or serve this machine alone with --host "
            "127.0.0.1, where a proxy may end TLS in front of it: --behind-proxy",
        )
    tokens = application.tokens
    wants_token = not local or wish.behind_proxy or not wish.link
    if wants_token and not any(
        token.kind == "api" and tokens.state_of(token) == "active" for token in tokens.list()
    ):
        raise ServingRefusedError(
            "Nobody could sign in: there is no token that holds.",
            fix="make one: runthrough token create ACTOR --role admin",
        )


def _refuse_certificate(wish: ServingWish) -> None:
    if (wish.tls_cert is None) != (wish.tls_key is None):
        raise ServingRefusedError(
            "A certificate and its key belong together.",
            fix="give both: --tls-cert FILE --tls-key FILE",
        )
    if wish.tls_cert is None or wish.tls_key is None:
        return
    if wish.behind_proxy:
        raise ServingRefusedError(
            "TLS ends here or at the proxy, not at both.",
            fix="leave out --behind-proxy, or the certificate",
        )
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(
            wish.tls_cert, wish.tls_key, password=lambda: ""
        )
    except (OSError, ValueError) as exc:  # ssl's errors are of the system's kind
        raise ServingRefusedError(
            f"The certificate {wish.tls_cert} cannot be used with its key: {exc}.",
            fix="give both as PEM files, the key without a password",
        ) from exc


def _scheme(wish: ServingWish) -> str:
    return "https" if wish.tls_cert else "http"


def _netloc(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _port_of(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or _PORTS[parts.scheme]


def _is_any(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_unspecified
    return host == ""


def _met_at(url: str) -> tuple[str, ...]:
    """What browsers write for the host of a URL: the usual port is left out."""
    parts: SplitResult = urlsplit(url)
    name = parts.netloc.lower().removesuffix(f":{_PORTS[parts.scheme]}")
    return (name,)


__all__ = ["LastResort", "Opened", "Server", "ServingWish", "checked_public_url", "serve"]
