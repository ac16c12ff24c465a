"""Which values a reading follows, and what it says of each need."""

import pytest

from runthrough.adapters.discovery.catalog import StepCatalog

HEAD = """
import glob, os
from os.path import join
from pathlib import Path
"""


def names(found):
    return [name for _, name in found]


def test_parameters_are_known_by_name_then_by_place(read):
    """Whatever `main` calls its parameters, the runner's order tells what they are."""
    found = read("def main(i, o, e, j, logger=None):\n    i['a'], o['b'], e['c'], j.d\n")
    assert list(found) == [("input", "a"), ("output", "b"), ("environ_var", "c"), ("job_arg", "d")]
    found = read("def main(job_args, input_paths):\n    job_args.d, input_paths['a']\n")
    assert list(found) == [("job_arg", "d"), ("input", "a")]


def test_keyword_forms_of_main_are_followed(read):
    """`**kwargs`, `*args` and keyword-only parameters hold the four as well."""
    assert list(read("def main(**kw):\n    kw['input_paths']['a']\n")) == [("input", "a")]
    assert list(read("def main(*args):\n    args[1]['a']\n")) == [("output", "a")]
    assert list(read("def main(*, job_args, **rest):\n    job_args.a\n")) == [("job_arg", "a")]


def test_async_decorated_and_renamed_mains_are_followed(read):
    """Forms of `main` whose body is in the file are read."""
    body = "(a, b, c, d):\n    return a['x']\n"
    assert list(read("async def main" + body)) == [("input", "x")]
    assert list(read("import functools\n@functools.cache\ndef main" + body)) == [("input", "x")]
    assert list(read("def run" + body + "main = run\n")) == [("input", "x")]
    assert list(read("main = lambda a, b, c, d: a['x']\n")) == [("input", "x")]
    awaiting = "async def f(p):\n    p['x']\nasync def main(p, o, e, j):\n    await f(p)\n"
    assert list(read(awaiting)) == [("input", "x")]


def test_a_main_from_elsewhere_needs_nothing_that_could_be_told(read):
    """What an imported `main` reads is not guessed."""
    assert read("from other import main\n") == {}


def test_constants_are_keys_wherever_they_come_from(read):
    """Module constants, dictionaries, tuples, class fields and joined texts name keys."""
    found = read("""
    A = "a"
    KEYS = {"second": "b", "third": ("c", "d")}
    class Names:
        E = "e"
    PREFIX = "f"
    def main(input_paths, output_paths, environ_vars, job_args):
        input_paths[A], input_paths[KEYS["second"]]
        for key in KEYS["third"]:
            input_paths[key]
        input_paths[Names().E]
        input_paths[PREFIX + "_x"], input_paths[f"{PREFIX}_y"]
        key, _ = ("g", 1)
        input_paths[key]
    """)
    assert names(found) == ["a", "b", "c", "d", "e", "f_x", "f_y", "g"]


def test_dictionaries_are_followed_into_the_scripts_own_functions(read):
    """Dictionaries and paths are followed by position, keyword, default and return value."""
    found = read(
        HEAD
        + """
def need(paths, key, *, folder="sub"):
    return Path(paths[key]) / folder

def load(path, name="x_rows.csv"):
    return open(path / name)

def main(input_paths, output_paths, environ_vars, job_args):
    inp = input_paths
    load(need(inp, "a"))
    load(name="y_rows.csv", path=need(paths=inp, key="b", folder="other"))
"""
    )
    assert found["input", "a"].files == ("sub/x_rows.csv",)
    assert found["input", "b"].files == ("other/y_rows.csv",)


def test_objects_and_dataclasses_are_followed(read):
    """Fields of the script's own classes carry dictionaries to methods and properties."""
    found = read(
        HEAD
        + """
from dataclasses import dataclass

class Step:
    def __init__(self, inputs):
        self.inputs = inputs
    @property
    def folder(self):
        return Path(self.inputs["a"])

class Runner(Step):
    def run(self):
        return open(self.folder / "rows.csv")

@dataclass
class Settings:
    env: dict
    strict: bool = False
    def label(self):
        return self.env["LABEL"]

def main(input_paths, output_paths, environ_vars, job_args):
    Runner(input_paths).run()
    Settings(environ_vars, strict=True).label()
"""
    )
    assert names(found) == ["a", "LABEL"]
    assert found["input", "a"].files == ("rows.csv",)


def test_shared_variables_are_followed(read):
    """What a function assigns to a global or outer variable is seen by the others."""
    found = read("""
    PATHS = None
    MODE = "off"
    def use_paths():
        if PATHS is None:
            raise ValueError("no paths")
        PATHS["a"]
        if MODE == "off":
            PATHS["b"]
    def main(input_paths, o, e, j):
        global PATHS, MODE
        seen = 0
        def count():
            nonlocal seen
            seen += 1
        PATHS = input_paths
        if something():
            MODE = "on"
        use_paths()
    """)
    assert {need.name: need.level for need in found.values()} == {
        "a": "required",
        "b": "conditional",
    }


def test_local_forms_of_python_are_followed(read):
    """Walruses, unpacking, zipped and numbered lists, nested tables and slices lead on."""
    found = read("""
    import os
    from pathlib import Path
    TABLE = {"train": {"key": "a", "file": "train_rows.csv"}, "test": {"key": "b"}}
    def main(i, o, e, j, **more):
        if (path := i.get("w")) is None:
            raise ValueError("w")
        for name, settings in TABLE.items():
            i[settings["key"]]
        for number, key in enumerate(["c", "d"]):
            i[key]
        for key, file in zip(("e", "f"), ("x_rows.csv", "y_rows.csv")):
            open(Path(i[key]) / file)
        first, *_ = ["g", "h"]
        i[["k", "l"][-1]]
        for key in "m,n".split(","):
            i[key]
        [i[key] for key in TABLE.get("none", ("p",))]
        keys = []
        keys.append("q")
        keys += ["r"]
        for key in keys:
            i[key]
        names = {}
        names["s"] = "s"
        i[names["s"]]
        for key in [*("t", "u")]:
            i[key]
        i["v" if j.flag else "w"]
        i.__getitem__("x")
        print(sorted({k: i[k] for k in ("y",)}))
        any(i[k] for k in ("z",))
    """)
    inputs = [need for need in found.values() if need.kind == "input"]
    assert [need.name for need in inputs] == list("wabcdeflmnpqrstuvxyz")
    assert {need.name for need in inputs if need.level != "required"} == {"v"}
    assert found["input", "e"].files == ("x_rows.csv",)


def test_recursion_and_deep_calls_end(read):
    """A function that calls itself, or very long chains of calls, do not trap the reader."""
    chain = "\n".join(f"def f{n}(d):\n    return f{n + 1}(d)" for n in range(50))
    found = read(
        f"{chain}\ndef f50(d):\n    d['deep']\n"
        "def again(d, n):\n    d['a']\n    return again(d, n - 1)\n"
        "def main(i, o, e, j):\n    again(i, 5)\n    f0(i)\n    i['b']\n"
    )
    assert names(found) == ["a", "b"]


def test_calls_that_fan_out_are_read_once_each(read):
    """Functions that call the next one many times, to the eighth level, are read once each."""
    fan = "\n".join(f"def f{n}(d):\n" + f"    f{n + 1}(d)\n" * 8 for n in range(8))
    found = read(f"{fan}\ndef f8(d):\n    d['a']\ndef main(i, o, e, j):\n    f0(i)\n")
    assert found["input", "a"].level == "required"


def test_the_environment_is_seen_at_module_level_and_in_functions(read):
    """Variables are read from `os.environ` under any name, on import and in reached functions."""
    found = read("""
    import os
    from os import environ as env, getenv
    import os as system
    A = os.environ["A"]
    def reached():
        return env["B"], getenv("C", "c"), system.environ.get("D", "d")
    def unreached():
        return os.environ["NEVER"]
    def main(i, o, e, j):
        reached()
    """)
    assert names(found) == ["A", "B", "C", "D"]
    assert [need.level for need in found.values()] == [
        "required",
        "required",
        "optional",
        "optional",
    ]


def test_the_entry_block_is_not_run(read):
    """What stands under `if __name__ == "__main__"` is not part of an import."""
    found = read("""
    import os
    def main(i, o, e, j):
        i["a"]
    if __name__ == "__main__":
        main({"a": os.environ["SM_CHANNEL"]}, {}, {}, None)
    """)
    assert names(found) == ["a"]


def test_nested_lookups_are_one_need_with_aliases(read):
    """`.get("a", d.get("b"))` and `d.get("a") or d.get("b")` look for one thing."""
    found = read("""
    import os
    def main(i, o, e, j):
        use(i.get("a", i.get("b")))
        use(i.get("c") or i.get("d") or i.get("f"))
        use(e.get("X", os.environ.get("X", "1")))
    """)
    assert [(need.name, need.level, need.aliases) for need in found.values()] == [
        ("a", "required", ("b",)),
        ("c", "required", ("d", "f")),
        ("X", "optional", ()),
    ]
    assert found["environ_var", "X"].default == "1"


def test_a_stand_in_that_is_also_read_for_itself_is_a_need_too(read):
    """An alias that the script reads without the other name is required in its own right."""
    found = read("def main(i, o, e, j):\n    use(i.get('a', i.get('b')))\n    i['b']\n")
    assert {need.name: need.level for need in found.values()} == {
        "a": "required",
        "b": "required",
    }


def test_defaults_are_told_where_the_script_uses_them(read):
    """A constant default is told with its type; a computed one is not told."""
    found = read("""
    def main(i, o, e, j):
        getattr(j, "n", 5), getattr(j, "rate", 0.1), getattr(j, "name", None)
        e.get("FLAG", "true"), e.get("COMPUTED", make())
        i.get("data", "/opt/ml/data")
        e.get("BOTH", "x"), e["BOTH"]
    """)
    told = {need.name: (need.has_default, need.default) for need in found.values()}
    assert told == {
        "n": (True, 5),
        "rate": (True, 0.1),
        "name": (True, None),
        "FLAG": (True, "true"),
        "COMPUTED": (False, None),
        "data": (True, "/opt/ml/data"),
        "BOTH": (False, None),
    }


def test_files_joined_below_inputs_and_outputs_are_told(read):
    """What is joined below a path, in any way, is read or written there; unknown parts are `*`."""
    found = read(
        HEAD
        + """
def main(input_paths, output_paths, environ_vars, job_args):
    base = Path(input_paths["a"]) / "train"
    open(base / "train_rows.csv")
    open(join(input_paths["a"], "val", f"{job_args.part}_rows.csv"))
    open(input_paths["a"] + "/plus.json")
    open(f"{input_paths['a']}/format.json")
    glob.glob(os.path.join(input_paths["a"], "*.parquet"))
    list(base.glob("part-*.csv")), list(base.rglob("deep.csv"))
    out = Path(output_paths["o"])
    out.mkdir(parents=True, exist_ok=True)
    for split in ("train", "test"):
        (out / split / f"{split}.csv").write_text("")
    target = out / "model.pkl"
    target.with_suffix(".json").write_text("")
    out.joinpath("sub", "joined.txt")
    os.path.join(os.path.dirname(target), "beside.txt")
"""
    )
    assert found["input", "a"].files == (
        "train/train_rows.csv",
        "val/*_rows.csv",
        "plus.json",
        "format.json",
        "*.parquet",
        "train/part-*.csv",
        "train/**/deep.csv",
    )
    assert found["output", "o"].files == (
        "train/train.csv",
        "test/test.csv",
        "model.pkl",
        "model.json",
        "sub/joined.txt",
        "beside.txt",
    )


def test_a_known_argument_fills_file_names(read):
    """Where the node gives the argument, the file name is known."""
    source = """
    from pathlib import Path
    def main(i, o, e, j):
        open(Path(i["a"]) / f"{j.part}_rows.csv")
    """
    assert read(source, job_args={"part": "x"})["input", "a"].files == ("x_rows.csv",)


def test_texts_for_people_are_no_files(read):
    """What is only logged, raised or printed does not name files."""
    found = read(
        HEAD
        + """
def main(input_paths, output_paths, environ_vars, job_args):
    base = input_paths["a"]
    print(f"{base}/printed.csv")
    log.info(f"{base}/logged.csv")
    use(base + "/not a file.csv", base + "/noending", base + "/.csv")
    if broken():
        raise ValueError(f"{base}/raised.csv")
"""
    )
    assert found["input", "a"].files == ()


def test_loops_over_a_dictionary_are_dynamic(read):
    """Keys that are told at run time only are open, with the beginning that they must have."""
    source = """
    import os
    def main(inputs, outputs, environ_vars, job_args):
        for name, path in inputs.items():
            use(name, path)
        params = {k: v for k, v in environ_vars.items() if k.startswith("HP_")}
        outputs[f"shard_{number()}"]
        for key in job_args.__dict__:
            print(key)
    """
    assert read(source, dynamic=True) == [
        ("output", "shard_"),
        ("input", ""),
        ("environ_var", "HP_"),
    ]
    assert read(source) == {}


def test_computed_names_are_dynamic_and_never_required(read):
    """A key that is computed at run time gives an open need, not a wrong name."""
    source = "def main(i, o, e, j):\n    i[pick()], e.get(pick()), getattr(j, pick())\n"
    assert read(source) == {}
    assert read(source, dynamic=True) == [("input", ""), ("environ_var", ""), ("job_arg", "")]


def test_the_scripts_parser_tells_help_and_choices(read):
    """The script's own parser describes arguments; one with a default in `main` is optional."""
    found = read("""
    import argparse
    def main(i, o, e, j):
        j.job_type, getattr(j, "max_depth", 3)
    if __name__ == "__main__":
        parser = argparse.ArgumentParser()
        parser.add_argument("-t", "--job-type", choices=["a", "b"], help="What to do.")
        parser.add_argument("--max_depth", type=int, required=True)
        parser.add_argument("--unread")
    """)
    assert names(found) == ["job_type", "max_depth"]
    assert found["job_arg", "job_type"].choices == ("a", "b")
    assert found["job_arg", "job_type"].description == "What to do."
    assert found["job_arg", "max_depth"].level == "optional"


@pytest.mark.parametrize(
    ("how", "wanted"),
    [
        ("type=int", "int"),
        ("type=float, default=0.5", "float"),
        ("type=str", None),
        ("type=positive", None),
        ("type=lambda text: int(text)", None),
        ("type=int, nargs='+'", None),
        ("type=int, action='append'", None),
        ("help='of no type'", None),
    ],
)
def test_the_scripts_parser_tells_which_arguments_are_numbers(read, how, wanted):
    """One number is known to be one; of several values or another function nothing is known."""
    found = read(f"""
    import argparse
    def main(i, o, e, j):
        j.depth
    if __name__ == "__main__":
        argparse.ArgumentParser().add_argument("--depth", {how})
    """)
    assert found["job_arg", "depth"].value_type == wanted


def test_an_argument_that_the_parser_requires_is_required_where_it_may_be_read(read):
    """In a loop the code alone does not say that it is read; the parser says that it is there."""
    found = read("""
    import argparse
    def main(i, o, e, j):
        for row in i["rows"]:
            row + j.target + j.lags
    if __name__ == "__main__":
        parser = argparse.ArgumentParser()
        parser.add_argument("--target", required=True)
        parser.add_argument("--lags", default=7)
    """)
    assert found["job_arg", "target"].level == "required"
    assert found["job_arg", "lags"].level == "conditional"


def test_functions_handed_on_are_read_as_perhaps_called(read):
    """What a pool or framework may call is read, but requires nothing."""
    found = read("""
    def work(part):
        return os.environ["TOKENIZER"]
    import os
    def main(i, o, e, j):
        pool.map(work, [1, 2])
    """)
    assert found["environ_var", "TOKENIZER"].level == "conditional"


def test_a_script_that_cannot_be_read_needs_nothing(tmp_path):
    """A broken, or vanished, script has no needs that could be told."""
    path = tmp_path / "broken.py"
    path.write_text("def main(:\n")
    catalog = StepCatalog([tmp_path])
    script = catalog.find("broken")

    def ask():
        return catalog.requirements(script, roots=catalog.roots, job_args={}, environ_vars={})

    assert ask().needs == ()
    path.unlink()
    assert ask().needs == ()


def test_a_reading_that_takes_too_long_keeps_what_it_saw(read):
    """A reading that is given up says what it saw, and calls nothing required by guess."""
    calls = "\n".join(f"    f(i, '{n}')" for n in range(400))
    body = "\n".join(f"    use({n})" for n in range(300))
    found = read(
        f"def f(d, k):\n{body}\n"
        f"def main(i, o, e, j):\n    i['a']\n    use(i.get('b'))\n{calls}\n    i['late']\n"
    )
    assert {need.name: need.level for need in found.values()} == {
        "a": "required",
        "b": "conditional",
    }


def test_paths_are_followed_through_every_form(read):
    """Choices of a folder, joined texts, parents, loops over folders and in-place joins."""
    found = read(
        HEAD
        + """
class Store:
    def __init__(self, root):
        self.tables = {}
        self.tables["root"] = root

def main(input_paths, output_paths, environ_vars, job_args):
    base: Path = Path(input_paths["a"])
    side: str
    folder = base / "x" if job_args.flag else base / "y"
    open(folder / "rows.csv")
    open(os.path.join(folder, "more.csv"))
    for part in (base / "parts").iterdir():
        open(part / "part.csv")
    for file in base.glob("train-*.csv"):
        open(file.with_name("beside.csv")), open(file.parent / "parent.csv")
    folder = base
    folder /= "in_place"
    text = input_paths["a"]
    text += "/text.csv"
    open(folder / "joined.csv"), open(text)
    open(Store(base).tables["root"] / "stored.csv")
    open(Path("/tmp") / "outside.csv"), open(base / "/absolute.csv")
    open(base.parent / "above.csv"), open(f"{base / 'name'}_suffix.csv")
    open(Path(environ_vars["D"]) / "variable.csv")
    with open(base / "with.csv") as file, lock:
        pass
"""
    )
    assert found["input", "a"].files == (
        "x/rows.csv",
        "y/rows.csv",
        "x/more.csv",
        "y/more.csv",
        "parts/*/part.csv",
        "train-*.csv",
        "beside.csv",
        "parent.csv",
        "text.csv",
        "in_place/joined.csv",
        "stored.csv",
        "name_suffix.csv",
        "with.csv",
    )
    assert found["environ_var", "D"].files == ()


def test_conditions_of_every_form_are_weighed(read):
    """Chained, negated, nested and constant tests are decided where they can be."""
    source = """
    import os, sys
    DEBUG = False
    EMPTY, FULL = [], ["x"]
    def main(i, o, e, j):
        if DEBUG:
            i["never"]
        if not EMPTY and FULL and not {}:
            i["always"]
        if j.n is None or -1 == -1:
            i["decided"]
        if e["MODE"].startswith("tr"):
            i["begins"]
        if j is None or i is None:
            i["given"]
        if "MODE" in e and bool(e["MODE"]) and len(FULL):
            i["there"]
        if 1 < j.n < 3:
            i["between"]
        if "x" in unknown():
            i["unknown"]
        while DEBUG:
            i["never"]
        if i.get("q") != None and all([i["always"]]):
            i["q"]
        if main:
            i["own"]
        match e["MODE"]:
            case "train":
                kind = "a"
            case _:
                kind = "b"
        i[kind]
    """
    open_ended = {need.name: need.level for need in read(source).values()}
    assert open_ended == {
        "always": "required",
        "n": "required",
        "decided": "required",
        "MODE": "required",
        "begins": "conditional",
        "there": "conditional",
        "between": "conditional",
        "unknown": "conditional",
        "q": "optional",
        "own": "required",
        "a": "conditional",
        "b": "conditional",
    }
    decided = read(source, environ_vars={"MODE": "train"})
    assert decided["input", "begins"].level == "required"
    assert decided["input", "there"].level == "required"


def test_class_methods_and_values_of_classes_are_followed(read):
    """A configuration that a class method builds, and keys that stand in classes, are known."""
    found = read("""
    from dataclasses import dataclass
    from enum import Enum
    class Base:
        RAW = "raw"
        PREFIX = RAW + "_more"
    class Names(Base):
        MODEL: str = "model"
        @staticmethod
        def key(): return "log"
    class Kind(str, Enum):
        LABEL = "LABEL"
    @dataclass
    class Config(Base):
        raw: str
        more: str
        seed: str = "7"
        @classmethod
        def of(cls, i, e):
            return cls(raw=i[Names.RAW], more=i[Base.PREFIX], seed=e.get("SEED", "1"))
    def main(i, o, e, j):
        config = Config.of(i, e)
        open(config.raw + "/a.csv"); open(f"{config.more}/b.csv")
        o[Names.MODEL]; o[Names.key()]; e[Kind.LABEL.value]; e.get(config.of(i, e).PREFIX)
        Names.absent; Names.absent.more
    """)
    assert {key: need.level for key, need in found.items()} == {
        ("input", "raw"): "required",
        ("input", "raw_more"): "required",
        ("environ_var", "SEED"): "optional",
        ("output", "model"): "required",
        ("output", "log"): "required",
        ("environ_var", "LABEL"): "required",
        ("environ_var", "raw_more"): "required",
    }
    assert found["input", "raw"].files == ("a.csv",)
    assert found["input", "raw_more"].files == ("b.csv",)


def test_a_function_that_fails_only_at_its_end_comes_back(read):
    """Where one way through a function returns, what follows the call is still read."""
    found = read("""
    def pick(folder):
        for name in ("a.csv", "b.csv"):
            path = folder + "/" + name
            if exists(path):
                return path
        raise FileNotFoundError(folder)
    def main(i, o, e, j):
        pick(i["raw"])
        o["done"]
    """)
    assert {name: need.level for (_, name), need in found.items()} == {
        "raw": "required",
        "done": "required",
    }


def test_the_entry_block_tells_container_paths_and_names_that_are_never_read(read):
    """What the script itself passes to `main` is followed, and needs nothing by itself."""
    found = read("""
    import argparse, os, sys
    BASE = "/opt/ml/processing"
    PATHS = {"raw": BASE + "/input", "idle": f"{BASE}/idle"}
    def main(input_paths, output_paths, environ_vars, job_args):
        input_paths["raw"]; output_paths.get("model", "/opt/ml/model"); environ_vars["LABEL"]
        input_paths["late"]
    def run(arguments):
        outputs = dict(model="/opt/elsewhere", report=sys.argv[1])
        main(PATHS, outputs, {"LABEL": os.environ["LABEL"], "IDLE": "1"}, arguments)
    if __name__ == "__main__":
        run(argparse.ArgumentParser().parse_args())
    """)
    assert [(n.kind, n.name, n.level, n.container_path) for n in found.values()] == [
        ("input", "raw", "required", "/opt/ml/processing/input"),
        ("output", "model", "fallback", "/opt/elsewhere"),
        ("environ_var", "LABEL", "required", None),
        ("input", "late", "required", None),
        ("input", "idle", "unread", "/opt/ml/processing/idle"),
        ("output", "report", "unread", None),
        ("environ_var", "IDLE", "unread", None),
    ]


def test_names_of_the_entry_block_may_be_read_where_keys_are_computed(read):
    """A script that takes every input reads those that it names itself."""
    found = read("""
    def main(input_paths, output_paths, environ_vars, job_args):
        for name in input_paths:
            open(input_paths[name])
    if __name__ == "__main__":
        main(input_paths={"raw": "/opt/in"}, output_paths={}, environ_vars={}, job_args=None)
    """)
    assert [(n.name, n.level, n.container_path) for n in found.values()] == [
        ("raw", "optional", "/opt/in")
    ]


def test_a_path_in_a_container_is_told_where_it_is_the_default(read):
    """A default that only a container has is where the script looks there."""
    found = read("""
    def main(i, o, e, j):
        open(i.get("raw", "/opt/ml/input")); e.get("HOME_DIR", "/srv")
    """)
    assert found["input", "raw"].container_path == "/opt/ml/input"
    assert found["environ_var", "HOME_DIR"].container_path is None


def test_a_default_that_looks_secret_is_masked(read):
    """Needs are recorded, and no secret that stands in a script may be."""
    found = read("""
    def main(i, o, e, j):
        e.get("API_TOKEN", "hunter2"); e.get("REGION", "eu")
    """)
    assert [need.default for need in found.values()] == ["[masked]", "eu"]
