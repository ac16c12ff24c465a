"""Needs that a script's own modules read for it."""


def names(found):
    return {name: need.level for (_, name), need in found.items()}


def test_functions_of_a_module_beside_the_script_are_read_as_its_own(read):
    """However it is imported, a local function that gets the dictionaries is followed."""
    found = read(
        """
        import helpers
        import helpers as h
        from helpers import load, LABEL, Config, outputs as made
        def main(input_paths, output_paths, environ_vars, job_args):
            helpers.load(input_paths, "a"); h.load(input_paths, "b"); load(input_paths, "c")
            environ_vars[LABEL]; Config(job_args).rows; output_paths[made["model"]]
        """,
        beside={
            "helpers.py": """
            import os, sys
            LABEL = "LABEL_FIELD"
            outputs = {"model": "trained"}
            def load(paths, name):
                return open(os.path.join(paths[name], "part.csv"))
            class Config:
                def __init__(self, args):
                    self.rows = args.rows
            if __name__ == "__main__":
                sys.exit(load({}, "never"))
            """
        },
    )
    assert names(found) == {
        "a": "required",
        "b": "required",
        "c": "required",
        "LABEL_FIELD": "required",
        "rows": "required",
        "trained": "required",
    }
    assert found["input", "a"].files == ("part.csv",)


def test_modules_of_the_scripts_package_are_found_by_their_dots(read):
    """Relative and absolute imports inside a package lead to its files."""
    found = read(
        """
        from .near import key_a
        from . import near, pack
        from .pack.deep import *
        import pack.deep
        import pack.deep as d
        from pack import deep, key_p
        def main(i, o, e, j):
            i[key_a]; i[near.key_b]; i[key_c]; i[pack.deep.key_d]; i[d.key_e]; i[deep.key_f]
            i[key_p]; i[_hidden]
        """,
        beside={
            "near.py": "key_a, key_b = 'a', 'b'",
            "pack/__init__.py": "key_p = 'p'",
            "pack/deep.py": ("key_c = 'c'\nkey_d = 'd'\nkey_e = 'e'\nkey_f = 'f'\n_hidden = 'h'"),
        },
    )
    assert set(names(found)) == {"a", "b", "c", "d", "e", "f", "p"}


def test_modules_are_followed_one_level_deep(read):
    """What a local module imports itself is not followed."""
    found = read(
        """
        import near
        def main(i, o, e, j):
            near.load(i); near.late(i)
        """,
        beside={
            "near.py": """
            import far
            from far import KEY
            def load(paths):
                paths["near"]; far.load(paths); paths[KEY]
            def late(paths):
                from far import load
                load(paths)
            """,
            "far.py": "KEY = 'key'\ndef load(paths): paths['far']",
        },
    )
    assert names(found) == {"near": "required"}


def test_dots_of_a_module_are_its_own(read):
    """A relative import in a package is not taken for that of the script."""
    found = read(
        """
        from . import far
        from .pack import near
        def main(i, o, e, j):
            near.load(i)
        """,
        beside={
            "far.py": "KEY = 'wrong'",
            "pack/far.py": "KEY = 'right'",
            "pack/near.py": "from . import far\ndef load(paths): paths[far.KEY]; paths['near']",
        },
    )
    assert names(found) == {"near": "required"}


def test_a_main_from_a_module_beside_is_read_there(read):
    """A script that only passes on another module's `main` has its needs."""
    found = read(
        "from steps.impl import run as main\n",
        beside={"steps/impl.py": "def run(i, o, e, j): i['raw']"},
    )
    assert names(found) == {"raw": "required"}


def test_a_local_module_that_cannot_be_read_or_is_absent_is_left_alone(read):
    """Broken, recursive and absent modules tell nothing, and the script is still read."""
    found = read(
        """
        import broken, script, absent.deep, json
        from . import gone
        from .. import above
        from .absent import thing
        def main(i, o, e, j):
            i["raw"]; broken.load(i); thing(i); gone.x(i)
        """,
        beside={"broken.py": "def load(", "json.py": "def load(p): p['never']"},
    )
    assert names(found) == {"raw": "required"}


def test_a_local_module_is_never_imported(read, tmp_path):
    """Following a module runs nothing of it."""
    touched = tmp_path / "touched"
    text = f"open({str(touched)!r}, 'w').close()\nKEY = 'raw'"
    found = read("from near import KEY\ndef main(i, o, e, j): i[KEY]\n", beside={"near.py": text})
    assert names(found) == {"raw": "required"}
    assert not touched.exists()


def test_a_changed_module_changes_the_needs(read):
    """The needs of a script are read again when a module of it has another content."""
    script = "from near import KEY\ndef main(i, o, e, j): i[KEY]\n"
    assert names(read(script, beside={"near.py": "KEY = 'a'"})) == {"a": "required"}
    assert names(read(script, beside={"near.py": "KEY = 'b'"})) == {"b": "required"}
