"""Secrets that were resolved for a script do not leave the runner."""

import base64
import json
import os
import signal
import urllib.parse
from pathlib import Path

import pytest
from tests.support.scripts import has_content, until

SECRET = "pa'ss\"wörd\\1"
KEY_FILE = "-----BEGIN KEY-----\nMIIBVwIBADANBgkq\n  hkiG9w0BAQEFAASC\n-----END KEY-----\n"


def everything(rehearsal):
    """All bytes that the attempt left in its folder, and its result."""
    files = [path for path in rehearsal.folder.rglob("*") if path.is_file()]
    return b"\n".join(path.read_bytes() for path in files) + repr(rehearsal.result).encode()


def test_a_secret_is_masked_wherever_it_appears(stage):
    """Logs, tails, exception, frames and what is printed as repr or JSON carry no secret."""
    rehearsal = stage.run(
        """
        import json, os, sys
        def main(input_paths, output_paths, environ_vars, job_args):
            key = environ_vars["KEY"]
            print("plain", key, "repr", repr(key), "json", json.dumps(key))
            print(os.environ["KEY"], file=sys.stderr)
            raise ValueError(f"cannot log in with {key}")  # abcd-in-source
        """,
        environ_vars={"KEY": SECRET},
        secrets=(SECRET, "abcd-in-source"),
    )
    left = everything(rehearsal)
    for form in (SECRET, repr(SECRET)[1:-1], json.dumps(SECRET)[1:-1], "abcd-in-source"):
        assert form.encode() not in left
    assert rehearsal.result.error.message == "cannot log in with [masked]"
    assert rehearsal.result.error.frames[0].source[1].endswith("# [masked]")
    assert rehearsal.stdout.startswith("plain [masked] repr")
    assert rehearsal.result.stdout_tail == rehearsal.stdout
    assert rehearsal.result.stdout_bytes == len(rehearsal.stdout.encode())


def test_a_returned_secret_is_masked(stage):
    """A returned value keeps its shape, its secrets do not."""
    result = stage.run(
        "def main(environ_vars):\n"
        "    key = environ_vars['KEY']\n"
        "    return {'a': [key, 'x' + key], key: 123456, 'n': 7}\n",
        environ_vars={"KEY": SECRET},
        secrets=(SECRET, "123456"),
    ).result
    assert result.returned.value == {
        "a": ["[masked]", "x[masked]"],
        "[masked]": "[masked]",
        "n": 7,
    }


def test_the_longest_secret_is_masked_first(stage):
    """A secret within another leaves nothing of the longer one."""
    rehearsal = stage.run(
        "def main():\n    print('abcdefgh abcd')\n", secrets=("abcd", "abcdefgh")
    )
    assert rehearsal.stdout == "[masked] [masked]\n"


def test_short_values_are_not_masked_and_that_is_said(stage):
    """Values of fewer than four characters stand in every text by chance; the log tells it."""
    rehearsal = stage.run("def main():\n    print('yes 123')\n", secrets=("y", "123", " 12 "))
    assert rehearsal.stdout == "yes 123\n"
    assert rehearsal.stderr == "runthrough: a secret of fewer than 4 characters is not masked\n"
    assert stage.run("def main():\n    print('yes')\n", secrets=("",)).stderr == ""


def test_a_secret_across_the_reading_blocks_is_masked(stage):
    """Large logs are read in blocks, and a secret that lies across two is found."""
    rehearsal = stage.run(
        """
        def main(environ_vars):
            print("x" * (2**20 - 5) + environ_vars["KEY"] + "y" * 2**20 + environ_vars["KEY"])
        """,
        environ_vars={"KEY": SECRET},
        secrets=(SECRET,),
    )
    assert rehearsal.stdout == "x" * (2**20 - 5) + "[masked]" + "y" * 2**20 + "[masked]\n"


def test_the_words_of_a_result_are_not_mistaken_for_secrets(stage):
    """A secret that equals a word of ours or a line number does not break the result."""
    text = "\n" * 1233 + "def main():\n    raise ValueError('exception')\n"
    result = stage.run(text, secrets=("exception", "message", "frames", "1235", "failed")).result
    assert (result.outcome, result.error.kind) == ("failed", "exception")
    assert (result.error.message, result.error.frames[0].line) == ("[masked]", 1235)


@pytest.mark.parametrize("secret", [SECRET, "a b/c+d?e=f", "no-signs-at-all", "größer als ü"])
def test_a_secret_is_masked_as_other_programs_write_it(stage, secret):
    """Bytes, JSON, URLs and base64, also behind a user's name, show no secret."""
    rehearsal = stage.run(
        """
        import base64, json, urllib.parse
        def main(environ_vars):
            key = environ_vars["KEY"]
            print(key.encode())
            print(json.dumps(key, ensure_ascii=False))
            print(ascii(key))
            print(urllib.parse.quote(key), urllib.parse.quote_plus(key))
            print(urllib.parse.quote(key, safe=""))
            for before in ("", "a", "ab", "abc", "ann:"):
                text = (before + key).encode()
                print(base64.b64encode(text).decode())
                print(base64.b64encode(text).decode().strip("="))
                print(base64.urlsafe_b64encode(text + b":behind").decode())
        """,
        environ_vars={"KEY": secret},
        secrets=(secret,),
    )
    assert rehearsal.result.outcome == "passed"
    left = everything(rehearsal).decode()
    for form in (
        repr(secret.encode())[2:-1],
        urllib.parse.quote(secret),
        urllib.parse.quote_plus(secret),
        base64.b64encode(secret.encode()).decode().strip("="),
    ):
        assert form not in left
    lines = rehearsal.stdout.splitlines()
    assert [line for line in lines if "[masked]" not in line] == []
    # Of base64 what stood before and behind is left, and the one sign shared with it.
    for index, before in enumerate(("", "a", "ab", "abc", "ann:")):
        rest = [line.replace("[masked]", "") for line in lines[5 + 3 * index :][:3]]
        shared = -(-len(before) * 4 // 3)
        assert len(rest[0].rstrip("=")) <= shared
        assert len(rest[1]) <= shared
        assert len(rest[2].rstrip("=")) <= shared + 11


def test_the_lines_of_a_secret_are_masked_one_by_one(stage):
    """A key file is no safer printed line by line, or without the space around it."""
    rehearsal = stage.run(
        """
        def main(environ_vars):
            for number, line in enumerate(environ_vars["KEY"].splitlines()):
                print(number, line.strip())
            print(environ_vars["KEY"].strip(), end="|")
            raise KeyError(environ_vars["KEY"])
        """,
        environ_vars={"KEY": KEY_FILE},
        secrets=(KEY_FILE,),
    )
    left = everything(rehearsal).decode()
    assert [line for line in KEY_FILE.splitlines() if line.strip() in left] == []
    assert rehearsal.stdout == "".join(f"{n} [masked]\n" for n in range(4)) + "[masked]|"
    assert rehearsal.result.error.message == "'[masked]'"


def test_no_log_holds_a_secret_while_the_script_runs(stage, tmp_path):
    """Logs are masked on the way, line by line, so a reader of a running script sees none."""
    go_on = tmp_path / "go on"
    request = stage.request(
        """
        import sys, time
        from pathlib import Path
        def main(environ_vars, job_args):
            key = environ_vars["KEY"]
            print("first", key)
            sys.stderr.write("split " + key[:5])
            sys.stderr.write(key[5:] + " whole\\n")
            while not Path(job_args.go_on).exists():
                time.sleep(0.005)
            print("last", key)
        """,
        environ_vars={"KEY": SECRET},
        job_args={"go_on": str(go_on)},
        secrets=(SECRET,),
    )
    ending = stage.runner.submit(request)
    stdout, stderr = (Path(request.folder, name) for name in ("stdout.log", "stderr.log"))
    until(lambda: has_content(stdout) and b"whole" in stderr.read_bytes(), "it has spoken")
    assert not ending.done()
    assert stdout.read_text() == "first [masked]\n"
    assert stderr.read_text() == "split [masked] whole\n"
    go_on.touch()
    assert ending.result(timeout=20).stdout_tail == "first [masked]\nlast [masked]\n"


@pytest.mark.parametrize(
    ("end", "outcome"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "crashed"),
        ("os.abort()", "crashed"),
        ("os._exit(3)", "failed"),
        ("signal.pause()", "timed_out"),
    ],
)
def test_whatever_ends_a_script_its_last_words_are_masked(stage, end, outcome):
    """What a script said before it was killed, fell or hung is in its log, without secrets."""
    rehearsal = stage.run(
        f"""
        import os, signal, sys
        def main(environ_vars):
            sys.stdout.write("x" * 50_000 + environ_vars["KEY"])
            sys.stderr.write("held " + environ_vars["KEY"][:4])
            {end}
        """,
        environ_vars={"KEY": SECRET},
        secrets=(SECRET,),
        timeout_s=1.0 if outcome == "timed_out" else None,
        grace_s=0.2,
    )
    assert rehearsal.result.outcome == outcome
    assert rehearsal.stdout == "x" * 50_000 + "[masked]"
    assert rehearsal.stderr.startswith("held " + SECRET[:4])
    if outcome == "timed_out":
        assert "signal.pause()" in rehearsal.stderr or "in main" in rehearsal.stderr
    assert SECRET.encode() not in everything(rehearsal)


def test_a_killed_host_leaves_no_secret(stage):
    """Nothing is masked afterwards, so nothing is missed when the host is killed as well."""
    request = stage.request(
        """
        import time
        def main(environ_vars):
            print("said", environ_vars["KEY"])
            time.sleep(600)
        """,
        environ_vars={"KEY": SECRET},
        secrets=(SECRET,),
    )
    ending = stage.runner.submit(request)
    log = Path(request.folder, "stdout.log")
    until(lambda: has_content(log) and log.read_text().endswith("\n"), "it has spoken")
    os.kill(int(Path(request.folder, "claim").read_text()), signal.SIGKILL)
    result = ending.result(timeout=20)
    assert (result.outcome, result.stdout_tail) == ("crashed", "said [masked]\n")


def test_what_other_programs_of_the_script_say_is_masked(stage):
    """Its children write to the same log, by the same way."""
    rehearsal = stage.run(
        """
        import subprocess, sys
        def main(environ_vars):
            subprocess.run(["sh", "-c", 'echo "$KEY"; echo "$KEY" >&2; sleep 600 & :'], check=True)
            subprocess.Popen(["sleep", "600"], start_new_session=True)
        """,
        environ_vars={"KEY": "s3cr3t-key"},
        secrets=("s3cr3t-key",),
    )
    assert rehearsal.stdout == "[masked]\n"
    assert rehearsal.stderr.startswith("[masked]\n\nrunthrough: ended ")


def test_streams_of_a_script_with_secrets_are_as_ever(stage):
    """Names, encoding and changing them are the same with secrets and without."""
    text = """
        import sys
        def main():
            sys.stdout.reconfigure(errors="strict")
            sys.__stderr__.reconfigure(line_buffering=False)
            for stream in (sys.stdout, sys.stderr):
                print(stream.name, stream.mode, stream.encoding, stream.isatty(), stream.fileno())
            print(sys.stdout is sys.__stdout__, sys.stdout.write_through, sys.stdout.newlines)
            sys.stdout.buffer.write(b"\\xff\\n")
            print("\\udcff", file=sys.stderr)
            sys.stdout.close()
        """
    with_secrets = stage.run(text, secrets=("s3cr3t-key",))
    without = stage.run(text)
    left = [(one.folder / "stdout.log").read_bytes() for one in (with_secrets, without)]
    assert left[0] == left[1]
    assert left[0].startswith(b"<stdout> w utf-8 False 1\n")
    assert with_secrets.stderr == without.stderr == "\\udcff\n"
    assert with_secrets.result.outcome == without.result.outcome == "passed"


def test_a_script_that_writes_its_own_log_shows_no_secret(stage):
    """What came into a log by another way is masked when the script ends."""
    rehearsal = stage.run(
        """
        from pathlib import Path
        def main(environ_vars):
            with Path("../stdout.log").open("a") as log:
                log.write("x" * 70_000 + environ_vars["KEY"] + "\\n")
        """,
        environ_vars={"KEY": SECRET},
        secrets=(SECRET,),
    )
    assert rehearsal.stdout == "x" * 70_000 + "[masked]\n"


def test_a_secret_at_the_cut_of_a_source_line_is_masked(stage):
    """Long lines are cut after they are masked, so that no beginning of a secret is left."""
    secret = "abcdef-in-source"
    text = f"def main():\n    raise ValueError()  # {'x' * 270}{secret}\n"
    source = stage.run(text, secrets=(secret,)).result.error.frames[0].source
    assert len(source[1]) == 300
    assert source[1].endswith("x[mas")
    assert "abc" not in "".join(source)


@pytest.mark.parametrize("secret", ["mask", "[masked]", "ked]", "masked] [masked"])
def test_a_secret_like_the_mask_does_not_break_it(stage, secret):
    """Where a secret is a piece of the mask, the mask stays whole."""
    rehearsal = stage.run(
        "def main(environ_vars):\n    print('it is', environ_vars['KEY'])\n"
        "    return environ_vars['KEY']\n",
        environ_vars={"KEY": secret},
        secrets=(secret,),
    )
    assert rehearsal.stdout == "it is [masked]\n"
    assert rehearsal.result.returned.value == "[masked]"


def test_a_secret_that_no_environment_can_hold_is_told_without_a_sign_of_it(stage):
    """Python's own words would quote the sign that cannot be encoded."""
    result = stage.run(
        "def main():\n    pass\n", environ_vars={"KEY": "a\ud8aab"}, secrets=("a\ud8aab",)
    ).result
    assert result.outcome == "failed"
    assert result.error.message == (
        "The environment cannot be passed on: surrogates not allowed. Change environ_vars."
    )


def test_a_script_that_talks_without_end_is_still_ended_in_time(stage):
    """Passing on what it says keeps the host neither from the limit nor from its end."""
    rehearsal = stage.run(
        """
        import os
        def main(environ_vars):
            while True:
                os.write(1, environ_vars["KEY"].encode() * 100)
        """,
        environ_vars={"KEY": "s3cr3t-key"},
        secrets=("s3cr3t-key",),
        timeout_s=0.3,
    )
    assert rehearsal.result.outcome == "timed_out"
    assert set(rehearsal.stdout.split("[masked]")) <= {"", *("s3cr3t-key"[:n] for n in range(9))}


def test_a_script_may_close_its_output(stage):
    """A log that nobody writes any more keeps the host from nothing."""
    rehearsal = stage.run(
        """
        import os
        def main(environ_vars):
            os.write(1, environ_vars["KEY"].encode())
            os.close(1)
            os.close(2)
        """,
        environ_vars={"KEY": "s3cr3t-key"},
        secrets=("s3cr3t-key",),
    )
    assert (rehearsal.result.outcome, rehearsal.stdout) == ("passed", "[masked]")
