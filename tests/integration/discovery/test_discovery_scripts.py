"""What is told of one script file, in good shape and in bad shape."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from runthrough.adapters.discovery.catalog import StepCatalog

MAIN = "def main(input_paths, output_paths, environ_vars, job_args):\n    pass\n"


@pytest.fixture
def look(tmp_path):
    """Write a script, and say what is found out about it."""

    def look_at(content, name="step.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        catalog = StepCatalog([tmp_path])
        return catalog.inspect(catalog.roots.record(str(path)), roots=catalog.roots)

    return look_at


def codes(script):
    return [problem.code for problem in script.problems]


def test_a_script_is_told_without_running_it(look):
    """Parameters, framework, description and imports come from the text."""
    script = look(
        '"""Train a model.\n\nAt length."""\n'
        "import os.path, numpy as np\nfrom sklearn.metrics import f1_score\n"
        "from . import beside\n"
        "def main(input_paths, output_paths, environ_vars, job_args=None, *rest, logger=None, "
        "**more):\n    import xgboost\n",
        "package/step.py",
    )
    assert (script.name, script.path) == ("step", "workspace:package/step.py")
    assert (script.package_root, script.module) == ("workspace:.", "package.step")
    assert script.has_main
    assert script.parameters == (
        "input_paths",
        "output_paths",
        "environ_vars",
        "job_args",
        "*rest",
        "logger",
        "**more",
    )
    assert script.framework == "xgboost"
    assert script.description == "Train a model."
    assert script.imports == ("numpy", "os", "sklearn", "xgboost")
    assert script.problems == ()


@pytest.mark.parametrize(
    ("module", "framework"),
    [
        ("torch.nn", "pytorch"),
        ("lightgbm", "lightgbm"),
        ("tensorflow", "tensorflow"),
        ("keras", "tensorflow"),
        ("sklearn.svm", "sklearn"),
        ("json", None),
    ],
)
def test_the_framework_comes_from_the_imports(look, module, framework):
    """A framework is known by the modules that belong to it."""
    assert look(f"import {module}\n{MAIN}").framework == framework


@pytest.mark.parametrize(
    "source",
    [
        "def main(i, o, e, j): pass",
        "def main(a, b): pass",
        "def main(): pass",
        "def main(a, /, b, *, job_args): pass",
        "def main(**kwargs): pass",
        "def main(*args, **kwargs): pass",
        "def main(a, b, c, d, logger=None, *, strict=True): pass",
        "@task(1)\ndef main(a, b, c, d, e): pass",
        "if x:\n    def main(a): pass\nelse:\n    main = None",
        "try:\n    from fast import main\nexcept ImportError:\n    def main(a): pass",
        "class main: pass",
        "def run(a, b, c, d): pass\nmain = run",
        "if __name__ == '__main__':\n    pass\nelse:\n    def main(a): pass",
    ],
)
def test_a_main_may_be_bound_in_any_way(look, source):
    """Whatever an import would leave behind as `main` counts, and nothing is wrong with it."""
    script = look(source + "\n")
    assert script.has_main
    assert script.problems == ()


@pytest.mark.parametrize(
    "source",
    [
        "from other import main",
        "from other import run as main",
        "import main",
        "from other import *",
        "main = make()",
        "main: object = make()",
        "x, (main, y) = make()",
        "with open('x') as main: pass",
    ],
)
def test_a_main_that_cannot_be_seen_is_run_and_its_needs_are_asked_for(look, source):
    """A `main` from elsewhere, or built by a call, is fine; a contract can say what it needs."""
    script = look(source + "\n")
    assert script.has_main
    (problem,) = script.problems
    assert (problem.code, problem.severity) == ("MAIN_SIGNATURE", "warning")
    assert problem.message == (
        "main in step.py comes from another module or is built when the script runs, so what it "
        "needs cannot be read"
    )
    assert problem.fix == (
        "write step.contract.yaml beside it, with expected_input_paths: "
        "{NAME: /container/path} and so on"
    )


def test_a_main_from_elsewhere_is_no_problem_where_its_needs_are_known(look, tmp_path):
    """The module that it comes from is read where it lies beside, and so is a contract."""
    (tmp_path / "other.py").write_text("def main(i, o, e, j):\n    i['raw']\n")
    assert look("from other import main\n").problems == ()
    (tmp_path / "two.contract.yaml").write_text("expected_input_paths: [raw]")
    assert look("from elsewhere import main\n", "two.py").problems == ()


def test_an_async_main_is_told_to_be_a_plain_function(look):
    """Calling a coroutine function runs nothing; what a decorator makes of one is not judged."""
    script = look("async def main(input_paths, output_paths, environ_vars, job_args): pass\n")
    (problem,) = script.problems
    assert (problem.code, problem.severity) == ("MAIN_SIGNATURE", "error")
    assert problem.message == "main in step.py is async, so calling it runs nothing"
    assert problem.fix == (
        "def main(input_paths, output_paths, environ_vars, job_args): "
        "asyncio.run(work(input_paths, output_paths, environ_vars, job_args))"
    )
    assert look("@plain\nasync def main(a, b, c, d): pass\n").problems == ()


@pytest.mark.parametrize(
    ("source", "parameters"),
    [
        ("def run(a, b=1): pass\nmain = run", ("a", "b")),
        ("main = lambda a, *b: 1", ("a", "*b")),
        ("from other import main", ()),
        ("main = make()", ()),
        ("def main(a): pass\ndef main(b): pass", ("b",)),
        ("@wrapped\ndef main(a): pass", ("a",)),
    ],
)
def test_parameters_are_told_where_they_can_be_seen(look, source, parameters):
    """The last binding counts; of what is made elsewhere no parameters are told."""
    assert look(source + "\n").parameters == parameters


@pytest.mark.parametrize(
    "source",
    [
        "",
        "def run(a): pass",
        "class Step:\n    def main(self): pass",
        "def outer():\n    def main(a): pass",
        "if __name__ == '__main__':\n    def main(a): pass",
        "main.attribute = 1\nmains = 2",
    ],
)
def test_a_script_without_main_says_what_to_write(look, source):
    """A missing `main` is a problem with the line to type."""
    script = look(source + "\n")
    assert not script.has_main
    assert codes(script) == ["MAIN_MISSING"]
    assert script.problems[0].fix.startswith("def main(input_paths")
    assert script.problems[0].where.node == "step"


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("def main(a, b, c, d, extra): pass", "extra"),
        ("def main(a, b, c, d, *, strict): pass", "strict"),
        ("main = lambda a, b, c, d, extra: 1", "extra"),
        ("def main(a, b, c, d, e1, e2=1, *, k): pass", "e1, k"),
    ],
)
def test_a_main_that_requires_more_is_told_what_is_too_much(look, source, told):
    """A parameter that nothing gives a value to is a problem that names it."""
    script = look(source + "\n")
    assert script.has_main
    assert codes(script) == ["MAIN_SIGNATURE"]
    assert f"requires {told}, which" in script.problems[0].message
    assert f"{told.split(', ')[0]}=None" in script.problems[0].fix


def test_a_syntax_error_is_told_with_line_and_column(look):
    """A script that does not parse is told where, with a command that shows it."""
    script = look("x = 1\ndef main(:\n")
    assert codes(script) == ["SCRIPT_SYNTAX"]
    assert script.problems[0].message.startswith("step.py:2:10: ")
    assert script.problems[0].fix == "python -m py_compile step.py"
    assert len(script.digest) == 64


@pytest.mark.parametrize(
    ("content", "code", "told"),
    [
        (b"x = 1\n\0\n", "SCRIPT_SYNTAX", "step.py:2:1: it holds a null byte"),
        ("name = 'é'\n".encode("latin-1"), "SCRIPT_UNREADABLE", "encoding"),
        ("x = 1\nname = 'é'\n\n".encode("latin-1") + b"\n", "SCRIPT_UNREADABLE", "encoding"),
        (b"# -*- coding: klingon -*-\n", "SCRIPT_UNREADABLE", "unknown encoding: klingon"),
        (b"# coding: rot13\nx = 1\n", "SCRIPT_UNREADABLE", "encoding"),
        (b"x = 1\n" * 1_000_000, "SCRIPT_UNREADABLE", "6,000,000 bytes"),
        (b"x = " + b"(" * 5000 + b"\n", "SCRIPT_SYNTAX", "step.py"),
        (b"x = " + b"-" * 200_000 + b"1\n", "SCRIPT_SYNTAX", "step.py"),
        (b"x = " + b"1" * 5000 + b"\n", "SCRIPT_SYNTAX", "step.py"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_with_its_reason(look, content, code, told):
    """Null bytes, encodings, size and depth are problems with a fix, never a crash."""
    script = look(content)
    assert codes(script) == [code]
    assert told in script.problems[0].message
    assert script.problems[0].fix
    assert not script.has_main


def test_a_declared_encoding_is_honoured(look):
    """PEP 263: a coding comment or a byte order mark tells how to read the text."""
    latin = f"# -*- coding: latin-1 -*-\n'''Modèle.'''\n{MAIN}".encode("latin-1")
    assert look(latin).description == "Modèle."
    assert look(f"\ufeff'''Modèle.'''\r\n{MAIN}".encode()).problems == ()


def test_odd_escapes_in_a_script_warn_nobody(look):
    """Python's warnings about a user's text do not reach our users."""
    assert look(f"x = '\\d'\ny = 1 is 1\n{MAIN}").problems == ()


def test_very_long_expressions_are_read(look, tmp_path):
    """A chain of many terms is surveyed and read, whatever Python's own recursion limit."""
    chain = " + ".join(["1"] * 900)
    script = look(f"x = {chain}\n{MAIN}    input_paths['a']\n")
    catalog = StepCatalog([tmp_path])
    needs = catalog.requirements(script, roots=catalog.roots, job_args={}, environ_vars={}).needs
    assert [need.name for need in needs] == ["a"]


@pytest.mark.parametrize(
    ("files", "source", "expected"),
    [
        ((), "", ("workspace:a/b", "step")),
        (("a/b/__init__.py",), "", ("workspace:a", "b.step")),
        (("a/__init__.py", "a/b/__init__.py"), "", ("workspace:.", "a.b.step")),
        (("a/__init__.py",), "", ("workspace:a/b", "step")),
        ((), "from . import x\n", ("workspace:a", "b.step")),
        ((), "def f():\n    from ..c import x\n", ("workspace:.", "a.b.step")),
        (("a/b/__init__.py",), "from ..c import x\n", ("workspace:.", "a.b.step")),
    ],
)
def test_a_script_stands_among_its_packages(look, tmp_path, files, source, expected):
    """Folders with `__init__.py`, and those that relative imports climb, are its packages."""
    (tmp_path / "a/b").mkdir(parents=True)
    for file in files:
        (tmp_path / file).touch()
    script = look(source + MAIN, "a/b/step.py")
    assert (script.package_root, script.module) == expected


def test_names_that_are_no_identifiers_stay_as_they_are(look):
    """A file called `01-clean.py` is the module `01-clean`; a dotted folder is no package."""
    assert look(MAIN, "01-clean.py").module == "01-clean"
    assert look(f"from . import x\n{MAIN}", "v1.2/step.py").module == "step"


@pytest.mark.parametrize(
    "same",
    [
        "# a comment\ndef main(a):\n\n    return  a + 1  # why\n",
        '"""A docstring."""\ndef main(a):\n    """Another."""\n    return (a + 1)\n',
        "def main(\n    a,\n):\n    return a + 1",
    ],
)
def test_comments_layout_and_docstrings_leave_the_digest_alone(look, same):
    """The digest is of what a script does, not of how it is written down."""
    assert look(same).digest == look("def main(a):\n    return a + 1\n").digest


@pytest.mark.parametrize(
    "other",
    [
        "def main(a):\n    return a + 2\n",
        "def main(a):\n    return a + True\n",
        "def main(a):\n    return a + 1.0\n",
        "def main(a):\n    return a + '1'\n",
        "def main(a):\n    return a + None\n",
        "def main(a):\n    return a - 1\n",
        "def main(b):\n    return b + 1\n",
        "def main(a):\n    return a + 1\nx = 1\n",
        "async def main(a):\n    return a + 1\n",
        "def main(a, /):\n    return a + 1\n",
        "def main(*, a):\n    return a + 1\n",
    ],
)
def test_every_change_of_meaning_changes_the_digest(look, other):
    """Another value, name, operator or statement is another script."""
    assert look(other).digest != look("def main(a):\n    return a + 1\n").digest


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("f(**a, b=1)", "f(a=a, b=1)"),
        ("{**a}", "{None: a}"),
        ("[a, b]", "(a, b)"),
        ("f'{a}b'", "f'{a}' + 'b'"),
        ("lambda *, a, b=1: 1", "lambda *, a=1, b: 1"),
        ("a[1:]", "a[:1]"),
        ("[[a], b]", "[[a, b]]"),
    ],
)
def test_expressions_of_like_parts_have_different_digests(look, one, other):
    """Where parts stand counts, not only which parts there are."""
    assert look(f"x = {one}\n").digest != look(f"x = {other}\n").digest


def test_the_digest_of_a_known_script_never_changes(look):
    """Recorded digests stay comparable: this one was taken under CPython 3.11."""
    source = (
        "'''Doc.'''\nimport os\nfrom .x import y as z\n@d\n"
        "async def main(a, /, b=1, *c, k, **o):\n"
        "    '''Doc.'''\n    global g\n    x: int = -1.5e3j\n"
        "    return f'{a!r:>{b}} t' 'u' u'v', b'\\xff', 'é\\ud800', ..., 10**40, {**o, 1: 2}\n"
        "class C(B, m=M): pass\n"
    )
    assert look(source).digest == (
        "c2bfd156fd4810d963c34659388b1726c192900380b29dba46cb6241803dcc6d"
    )


def unmeasured():
    """The environment without coverage, whose file a child without rights could not write."""
    return {name: text for name, text in os.environ.items() if not name.startswith("COV")}


def test_an_unreadable_folder_or_file_is_no_crash():
    """Without the right to look into a folder it holds nothing; a forbidden file is told so."""
    code = """
import os, sys
from pathlib import Path
from runthrough.adapters.discovery.catalog import StepCatalog
StepCatalog([sys.argv[1]]).find("stepp")  # loads what is loaded late, while it may be read
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
catalog = StepCatalog([sys.argv[1]])
print([script.name for script in catalog.scripts()])
print([problem.code for problem in catalog.find("forbidden").problems])
print(catalog.find("inside"))
"""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        place.chmod(0o755)
        (place / "step.py").write_text(MAIN)
        (place / "forbidden.py").write_text(MAIN)
        (place / "forbidden.py").chmod(0)
        (place / "scripts").mkdir()
        (place / "scripts" / "inside.py").write_text(MAIN)
        (place / "scripts").chmod(0)
        done = subprocess.run(
            [sys.executable, "-c", code, folder],
            env=unmeasured(),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        (place / "scripts").chmod(0o755)
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["['step']", "['SCRIPT_UNREADABLE']", "None"]


def test_reading_a_large_library_never_fails():
    """Modules that others wrote, of every kind, are surveyed and read without a crash."""
    library = Path(subprocess.__file__).parent
    catalog = StepCatalog([library])
    places = [*sorted(library.glob("[a-d]*.py")), *sorted(library.glob("asyncio/*.py"))]
    for place in places:
        script = catalog.inspect(catalog.roots.record(str(place)), roots=catalog.roots)
        assert codes(script) in ([], ["MAIN_MISSING"], ["MAIN_SIGNATURE"])
        catalog.requirements(script, roots=catalog.roots, job_args={}, environ_vars={})


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("    yield 1\n", ["MAIN_SIGNATURE"]),
        ("    for name in output_paths:\n        yield name\n", ["MAIN_SIGNATURE"]),
        ("    def parts():\n        yield 1\n    list(parts())\n", []),
        ("    print(sum(number for number in (1, 2)))\n", []),
    ],
)
def test_a_main_that_is_a_generator_is_a_problem(look, body, found):
    """Calling it would run nothing and pass; a generator inside it is fine."""
    script = look(f"def main(input_paths, output_paths, environ_vars, job_args):\n{body}")
    assert codes(script) == found
