"""Each test has a user of its own: neither settings nor caches of whoever runs the tests."""

import os

import pytest


@pytest.fixture(autouse=True)
def own_user(tmp_path_factory, monkeypatch):
    """A home for data and caches, and neither settings nor a keyring from outside."""
    for name in [name for name in os.environ if name.startswith("RUNTHROUGH_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    home = tmp_path_factory.mktemp("home")
    for kind in ("CACHE", "CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(home / kind.lower()))
