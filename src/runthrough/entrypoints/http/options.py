"""What whoever starts the service decides about it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServiceOptions:
    """How one service process meets the outside."""

    hosts: frozenset[str]
    """Values of the `Host` header that are answered, with their ports, in lower case; `*` for
    none asked."""
    origins: frozenset[str]
    """Origins of its own pages, such as `https://runthrough.example`."""
    secure: bool = False
    """Whether browsers reach it by TLS, so that cookies travel that way only."""
    body_bytes: int = 2 * 1024 * 1024
    """Larger request bodies are refused; a pipeline of 10,000 nodes has half of that."""
    held_bytes: int = 64 * 1024 * 1024
    """Of all bodies that are being read or worked on: 32 of the longest. More are told to wait."""
    body_s: float = 60.0
    """Bodies that take longer to come are not waited for: who sends nothing would hold a place."""
    grace_s: float = 30.0
    """How long a stop waits for scripts that are running."""
    jobs: int = 1
    """Scripts of one run at a time, where the request does not say."""
    cookie: str = "runthrough"
    """Name of the cookie that holds a browser's token; browsers share cookies between the ports
    of a machine, so each port has its own."""
