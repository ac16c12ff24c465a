"""Secrets that were resolved for a script do not leave the runner."""

import json

SECRET = "pa'ss\"wörd\\1"


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


def test_short_values_are_not_masked(stage):
    """Values of fewer than four characters stand in every text by chance."""
    rehearsal = stage.run("def main():\n    print('yes 123')\n", secrets=("y", "123", ""))
    assert rehearsal.stdout == "yes 123\n"


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
