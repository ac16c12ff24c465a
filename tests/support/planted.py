"""Secrets planted in a test, and the search for any piece of them afterwards."""

import base64
import itertools
import re
import urllib.parse
from pathlib import Path

PIECE = 8
"""So many signs of a secret are as bad as all of it."""
_NUMBERS = itertools.count(1)


def planted(place: str) -> str:
    """A secret of its own for one place; no two share a piece."""
    number = next(_NUMBERS)
    place = re.sub(r"\W", "", place)
    return "-".join(f"{place[:4]}{number:02}{sign}{number:02}" for sign in "kqvx")


LEAKS = '''
"""Tell the secret in every way a script can tell something."""
import base64
import json
import os
import subprocess
import sys
import urllib.parse
from pathlib import Path


class Broken(Exception):
    pass


def main(input_paths, output_paths, environ_vars, job_args):
    key, login = environ_vars["LOGIN"], job_args.login["password"]
    for secret in (key, login):
        print("plainly", secret, repr(secret), json.dumps([secret]), secret.encode())
        print("https://x/?key=" + urllib.parse.quote(secret, safe=""), flush=True)
        print("Basic", base64.b64encode(b"ann:" + secret.encode()).decode())
        sys.stdout.write(secret[:7])
        print(secret[7:])
        print(dict(os.environ, other=secret), file=sys.stderr)
        say = 'printf "%s" "$1"; printf "%s" "$1" >&2'
        subprocess.run(["sh", "-c", say, "sh", secret])
    Path(output_paths["told"]).write_text(key)
    if job_args.end == "raises":
        try:
            raise Broken(key)
        except Broken as why:
            raise ValueError(f"no login with {login}", {"at": key}) from why
    if job_args.end == "exits":
        sys.exit(f"ends with {key}")
    if job_args.end == "falls":
        os.abort()
    return {"key": key, key: [login, {"deep": "x" + login}]}
'''


class Search:
    """What was planted, and everything in which it is looked for."""

    def __init__(self) -> None:
        self._planted: dict[str, str] = {}
        self._texts: list[tuple[str, bytes]] = []

    def plant(self, place: str, *, form: str = "{}") -> str:
        """A secret for a place, written into a form such as a URL."""
        value = planted(place)
        self._planted[f"{place} {len(self._planted)}"] = value
        return form.format(value)

    def say(self, where: str, *texts: object) -> None:
        """Something that a person or a program gets to read."""
        self._texts += [(where, str(text).encode("utf-8", "backslashreplace")) for text in texts]

    def files(self, folder: Path, *, own: tuple[str, ...]) -> None:
        """Every file below a folder, its name too, but those that are the user's own."""
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            if any(re.fullmatch(pattern, name) for pattern in own):
                continue
            self.say("the name of a file", name)
            if path.is_file():
                self._texts.append((name, path.read_bytes()))

    def found(self) -> dict[str, list[str]]:
        """Places whose secret, or a piece of it, stands somewhere, and where."""
        found = {}
        for place, value in self._planted.items():
            pieces = _pieces(value)
            where = {name for name, text in self._texts if any(part in text for part in pieces)}
            if where:
                found[place] = sorted(where)
        return found

    def read(self) -> bytes:
        """All of it, for what must stand there."""
        return b"\n".join(text for _, text in self._texts)


def _pieces(value: str) -> set[bytes]:
    content = value.encode()
    forms = [content, urllib.parse.quote(value, safe="").encode()]
    for before in range(3):
        text = base64.b64encode(b"\0" * before + content)
        forms.append(text[4 if before else 0 : -4])
    return {form[at : at + PIECE] for form in forms for at in range(len(form) - PIECE + 1)}
