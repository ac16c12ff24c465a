"""How strongly a script needs what it reads."""

import pytest


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('x = input_paths["a"]', "required"),
        ('x = output_paths["a"]', "required"),
        ('x = environ_vars["a"]', "required"),
        ('x = os.environ["a"]', "required"),
        ("x = job_args.a", "required"),
        ('x = job_args["a"]', "required"),
        ('x = vars(job_args)["a"]', "required"),
        ('x = getattr(job_args, "a")', "required"),
        ('x = os.environ.get("a").split(",")', "required"),
        ('x = int(os.getenv("a"))', "required"),
        ('x = Path(os.environ.get("a"))', "required"),
        ('x = frame[os.environ.get("a")]', "required"),
        ('x = os.environ.get("a") + "/x"', "required"),
        ('x = input_paths.get("a")\nuse(x)', "required"),
        ('x = environ_vars.get("a", "d")', "optional"),
        ('x = environ_vars.get("a", None)', "optional"),
        ('x = os.environ.get("a", "d")', "optional"),
        ('x = os.getenv("a", default="d")', "optional"),
        ('x = getattr(job_args, "a", 3)', "optional"),
        ('x = environ_vars.get("a") or "d"', "optional"),
        ('x = input_paths.get("a", "data/raw.csv")', "optional"),
        ('x = input_paths.get("a", "/opt/ml/input")', "fallback"),
        ('x = output_paths.get("a", f"/opt/ml/{job_args.b}")', "fallback"),
        ('x = input_paths["a"] if "a" in input_paths else "/opt/ml/input"', "fallback"),
        ('x = input_paths.pop("a")', "required"),
        ('x = environ_vars.setdefault("a", "d")', "optional"),
    ],
)
def test_a_read_has_the_level_of_its_form(levels, body, expected):
    """A key that must be there is required; one with a usable default is optional."""
    assert levels(body)["a"] == expected


@pytest.mark.parametrize(
    "body",
    [
        'if "a" not in input_paths:\n    raise ValueError("a")',
        'if "a" not in input_paths:\n    sys.exit(1)',
        'if "a" not in input_paths:\n    sys.exit("no a")',
        'if not input_paths.get("a"):\n    raise ValueError("a")',
        'x = input_paths.get("a")\nif x is None:\n    raise ValueError("a")',
        'if "a" not in input_paths or "b" not in input_paths:\n    raise ValueError("a")',
        'for k in ["a", "b"]:\n    if k not in input_paths:\n        raise ValueError(k)',
        (
            'missing = [k for k in ("a", "b") if k not in input_paths]\n'
            "if missing:\n    raise ValueError(missing)"
        ),
        (
            'missing = []\nfor k in ("a", "b"):\n    if k not in input_paths:\n'
            "        missing.append(k)\nif missing:\n    raise ValueError(missing)"
        ),
        'missing = {"a", "b"} - set(input_paths)\nif missing:\n    raise ValueError(missing)',
        'if not all(k in input_paths for k in ("a", "b")):\n    raise ValueError("a")',
        'if any(k not in input_paths for k in ("a", "b")):\n    raise ValueError("a")',
        'assert "a" in input_paths',
        'if "a" in input_paths:\n    x = 1\nelse:\n    raise ValueError("a")',
        'if not hasattr(job_args, "a"):\n    raise ValueError("a")',
    ],
)
def test_giving_up_without_a_need_makes_it_required(levels, body):
    """However the script asks: where it fails in the absence of a key, the key is required."""
    assert levels(body)["a"] == "required"


@pytest.mark.parametrize(
    "body",
    [
        'if "a" in input_paths:\n    x = input_paths["a"]',
        'if "a" not in input_paths:\n    return\nx = input_paths["a"]',
        'if "a" in input_paths and len(input_paths["a"]) > 3:\n    pass',
        'x = input_paths["a"] if "a" in input_paths else None',
        'x = input_paths.get("a")\nif x:\n    use(x)',
        'x = input_paths.get("a")\nif x is not None:\n    use(x)',
        'if hasattr(job_args, "a"):\n    x = job_args.a',
        'if environ_vars.get("a") == "yes":\n    pass',
        'if environ_vars.get("a") in ("yes", "no"):\n    pass',
        'try:\n    x = input_paths["a"]\nexcept KeyError:\n    x = None',
        'for k in ["a", "b"]:\n    if k in input_paths:\n        x = input_paths[k]',
        'print(environ_vars.get("a"))',
        'import logging\nlogging.info("a is %s", os.environ.get("a"))',
        'os.environ["a"] = "1"\nx = os.environ["a"]',
        'if "a" not in os.environ:\n    os.environ["a"] = "1"\nx = os.environ["a"]',
        'os.environ.setdefault("a", "1")\nx = os.environ["a"]',
        'os.environ.update({"a": "1"})\nx = os.environ["a"]',
        'def prepare():\n    os.environ["a"] = "1"\nprepare()\nx = os.environ["a"]',
        'connect(region=os.environ.get("a"))',
        'x = os.getenv("a")\nif x:\n    x.split(",")',
        'x = environ_vars.get("a", "x").lower()',
    ],
)
def test_a_need_that_is_asked_for_is_optional(levels, body):
    """A read behind a question for the key is optional, however the question is put."""
    assert levels(body)["a"] == "optional"


@pytest.mark.parametrize(
    "body",
    [
        'if something():\n    x = input_paths["a"]',
        'if job_args.b == "train":\n    x = input_paths["a"]',
        'for row in rows():\n    x = input_paths["a"]',
        'while more():\n    x = input_paths["a"]',
        'if something():\n    return\nx = input_paths["a"]',
        (
            'for k in "bc":\n    if some():\n        continue\n    else:\n        return\n'
            'x = input_paths["a"]'
        ),
        'if something():\n    sys.exit(0)\nx = input_paths["a"]',
        'try:\n    x = input_paths["a"]\nexcept Exception:\n    print("no")',
        'x = something() and input_paths["a"]',
        'x = input_paths["a"] if something() else None',
        'if something():\n    if "a" not in input_paths:\n        raise ValueError("a")',
        'def later():\n    return input_paths["a"]\nsubmit(later)',
        'with contextlib.suppress(KeyError):\n    x = input_paths["a"]',
        'try:\n    return 1\nexcept OSError:\n    pass\nx = input_paths["a"]',
        'match something():\n    case 1:\n        x = input_paths["a"]',
    ],
)
def test_a_read_that_may_not_come_is_conditional(levels, body):
    """Under a test that is not decided, nothing is required."""
    assert levels(body)["a"] == "conditional"


@pytest.mark.parametrize(
    "body",
    [
        'try:\n    x = input_paths["a"]\nexcept KeyError:\n    raise ValueError("a")',
        'try:\n    x = input_paths["a"]\nexcept Exception as e:\n    print(e)\n    sys.exit(1)',
        'try:\n    x = input_paths["a"]\nexcept ValueError:\n    pass',
        'try:\n    pass\nfinally:\n    x = input_paths["a"]',
        (
            'for k in ("b", "c"):\n    if k in input_paths:\n        break\nelse:\n'
            '    raise ValueError("b")\nx = input_paths["a"]'
        ),
        'while True:\n    x = input_paths["a"]\n    break',
        'with open("log") as f:\n    x = input_paths["a"]',
        'for k in ("b", "a"):\n    if k == "b":\n        continue\n    x = input_paths[k]',
        'if something():\n    raise ValueError("b")\nx = input_paths["a"]',
        'if something():\n    x = 1\nelse:\n    x = 2\ny = input_paths["a"]',
        'paths = {k: input_paths[k] for k in ["a", "b"]}',
        'paths = dict(input_paths)\nx = paths["a"]',
        'paths = input_paths or {}\nx = paths["a"]',
        'everything = {**environ_vars, "Z": "1"}\nx = everything["a"]',
    ],
)
def test_a_read_that_always_comes_is_required(levels, body):
    """Blocks that only end in failure or always run leave a read required."""
    assert levels(body)["a"] == "required"


def test_a_known_argument_decides_the_branches(levels):
    """Needs belong to a node: a test on an argument that it gives is decided."""
    body = """
    if job_args.job_type == "training":
        x = input_paths["train"]
    else:
        x = input_paths["other"]
    """
    assert levels(body, job_args={"job_type": "training"}) == {
        "job_type": "required",
        "train": "required",
    }
    assert levels(body) == {
        "job_type": "required",
        "train": "conditional",
        "other": "conditional",
    }


@pytest.mark.parametrize("value", ["true", "True", "TRUE"])
def test_a_known_variable_decides_through_text_methods(levels, value):
    """`.lower()` and the like of a given variable are worked out."""
    body = """
    if os.environ.get("USE_EXTRA", "false").lower() == "true":
        x = input_paths["extra"]
    """
    assert levels(body, environ_vars={"USE_EXTRA": value})["extra"] == "required"
    assert "extra" not in levels(body, environ_vars={"USE_EXTRA": "no"})
    assert levels(body)["extra"] == "conditional"


def test_a_known_argument_decides_membership_flags_and_numbers(levels):
    """Lists of choices, flags and counts that the node gives are worked out too."""
    body = """
    if job_args.mode in ["a", "b"]:
        x = input_paths["listed"]
    if job_args.flag:
        x = input_paths["flagged"]
    if int(job_args.folds) == 5:
        x = input_paths["counted"]
    """
    decided = levels(body, job_args={"mode": "b", "flag": False, "folds": "5"})
    assert decided["listed"] == "required"
    assert "flagged" not in decided
    assert decided["counted"] == "required"


def test_values_that_change_decide_no_more(levels):
    """A list or dictionary that the script changes in place is no longer what it was."""
    body = """
    keys = ["a", "b"]
    keys.remove("a")
    for key in keys:
        x = input_paths[key]
    config = {"mode": "x"}
    config.update(read())
    if config["mode"] == "x":
        y = input_paths["c"]
    """
    assert levels(body) == {"c": "conditional"}


@pytest.mark.parametrize(
    "body",
    [
        'if hasattr(job_args, "a"):\n    x = job_args.a',
        'if "a" in job_args:\n    x = job_args["a"]',
        'x = job_args["a"] if "a" in job_args else None',
        'if "a" not in job_args:\n    x = None\nelse:\n    x = job_args["a"]',
        'x = "a" in job_args and job_args.a',
        'x = getattr(job_args, "a", None)\nif x is not None:\n    use(x, job_args.a)',
        'x = job_args.get("a")\nif x:\n    use(x)',
    ],
)
@pytest.mark.parametrize("known", [{}, {"a": "x"}])
def test_giving_an_optional_argument_leaves_it_optional(levels, body, known):
    """What is guarded stays optional also where the node gives it, and the guard is decided."""
    assert levels(body, job_args=known)["a"] == "optional"


@pytest.mark.parametrize("known", [{}, {"a": "x"}])
def test_a_guard_ends_with_its_block(levels, known):
    """A read after a guarded block is required again."""
    body = 'if hasattr(job_args, "a"):\n    pass\nx = job_args.a'
    assert levels(body, job_args=known)["a"] == "required"


def test_a_secret_decides_nothing(levels):
    """What stands behind a secret is not known, so tests on it stay open."""
    body = 'if environ_vars["KEY"] == "x":\n    x = input_paths["a"]'
    assert levels(body, environ_vars={"KEY": {"secret": "KEY"}})["a"] == "conditional"


def test_a_default_does_not_decide(levels):
    """A test on a default stays open, since the node may still be given another value."""
    body = 'if getattr(job_args, "mode", "x") == "x":\n    y = input_paths["a"]'
    assert levels(body)["a"] == "conditional"


def test_a_path_that_is_tested_for_existence_needs_no_fallback(levels):
    """Where the script goes on without the path, its container default makes it optional."""
    body = """
    x = Path(input_paths.get("a", "/opt/ml/input"))
    if x.exists():
        use(x)
    y = input_paths.get("b", "/opt/ml/b")
    if not os.path.exists(y):
        raise FileNotFoundError(y)
    """
    assert levels(body) == {"a": "optional", "b": "fallback"}


def test_an_existence_test_does_not_make_a_lookup_optional(levels):
    """`os.path.exists(None)` fails, so asking for the path is not asking for the key."""
    assert levels('x = input_paths.get("a")\nif os.path.exists(x):\n    pass')["a"] == "required"


def test_the_strongest_read_counts(levels):
    """One unguarded read makes a need required, whatever the guarded ones say."""
    body = 'if "a" in input_paths:\n    x = input_paths["a"]\ny = input_paths["a"]'
    assert levels(body)["a"] == "required"


def test_variables_of_every_process_are_no_needs(levels):
    """`HOME` comes from the surroundings; one that `main` is given is the user's."""
    assert levels('x = os.environ["HOME"], os.getenv("LC_ALL"), os.environ["MINE"]') == {
        "MINE": "required"
    }
    assert levels('x = environ_vars["HOME"]') == {"HOME": "required"}
