"""Commands that advice tells, as calls of the object that holds a session."""

import inspect

import pytest
from tests.support.typed import options_of, verbs_of

from runthrough import InteractiveRuntimeTestingFactory, Output, Secret
from runthrough.core.validation.words import command, word
from runthrough.core.views.python_calls import (
    CLASS,
    PLACEHOLDERS,
    SHELL,
    SHELL_ONLY,
    calls_in_python,
    calls_without_an_object,
    view_in_python,
)
from runthrough.core.views.typed_commands import SHAPES

TOLD = {
    "put it there, or runthrough configure 'my node' --input a=PATH": (
        "put it there, or factory.configure_script_testing('my node', input_paths={'a': PATH})"
    ),
    "runthrough configure A --env X=VALUE --env Y=@secret:KEY --partial": (
        "factory.configure_script_testing('A', environ_vars={'X': VALUE, "
        "'Y': {'secret': 'KEY'}}, partial=True)"
    ),
    "runthrough configure A --env Y=@plain:sk-9": (
        "factory.configure_script_testing('A', environ_vars={'Y': {'plain': 'sk-9'}})"
    ),
    "runthrough configure A --arg depth=3 --arg kind=deep --timeout 60 --limit memory=2GiB": (
        "factory.configure_script_testing('A', job_args={'depth': 3, 'kind': 'deep'}, "
        "timeout_s=60, limits={'memory': '2GiB'})"
    ),
    "runthrough configure A --input a=@B.out/train --unset env.X --unset arg.y": (
        "factory.configure_script_testing('A', input_paths={'a': '@B.out/train'}, "
        "unset=['env.X', 'arg.y'])"
    ),
    "runthrough confirm B.x, or runthrough connect A.out/tr B.x": (
        "factory.confirm('B.x'), or factory.connect('A.out/tr', 'B.x')"
    ),
    "runthrough confirm --all": "factory.confirm()",
    "runthrough external A --output NAME=PATH": "factory.mark_external('A', {NAME: PATH})",
    "runthrough bind A PATH, with a path": "factory.bind_script('A', PATH), with a path",
    "runthrough run": "factory.execute_dag_guided_testing()",
    "runthrough run +A B+ --jobs 1": "factory.execute_dag_guided_testing(['+A', 'B+'], jobs=1)",
    "runthrough plan shows what a run would do": "factory.plan() shows what a run would do",
    "runthrough undo --to 12 --anyone": "factory.undo(to=12, anyone=True)",
    "look (runthrough history --node 'a b'), then": "look (factory.history(node='a b')), then",
    "runthrough reopen --name NAME, with a name": "factory.reopen(name=NAME), with a name",
    "runthrough undo, then runthrough update --rename A=B": (
        "factory.undo(), then factory.update(renamed={'A': 'B'})"
    ),
    "runthrough update PIPELINE": "factory.update(load_pipeline(PIPELINE))",
    "runthrough fork --at 3 or runthrough fork --at 5": "factory.fork(at=3) or factory.fork(at=5)",
    "runthrough approve 12": "factory.approve(12)",
    "runthrough as-of 2026-01-01": f"{SHELL}runthrough as-of 2026-01-01",
    "runthrough show A": "factory.status()['nodes']['A']",
    "runthrough export --pipeline FILE --force": "factory.export(FILE, force=True)",
    "runthrough archive -o FILE": "factory.archive(FILE)",
    "runthrough diff --last-green": "factory.diff()",
    "runthrough audit verify names it": "factory.verify_audit() names it",
    "runthrough audit verify --against NOTE": f"{SHELL}runthrough audit verify --against NOTE",
    "runthrough db upgrade": f"{SHELL}runthrough db upgrade",
    "runthrough run --take-over": f"{SHELL}runthrough run --take-over",
    "runthrough sessions lists them; --session NAME chooses one; runthrough new PIPELINE starts "
    "one": (
        f"{SHELL}runthrough sessions lists them; {CLASS}.resume(NAME) chooses one; "
        f"{CLASS}(load_pipeline(PIPELINE)) starts one"
    ),
    "runthrough new --from-folder DIR": f"{SHELL}runthrough new --from-folder DIR",
    "name another one, or overwrite it: --force": "name another one, or overwrite it: force=True",
    "closes it, from elsewhere with --here": "closes it, from elsewhere with here=True",
    "or @plain:VALUE when it is none": "or {'plain': VALUE} when it is none",
    "resume it or choose another --name": "resume it or choose another name",
    "memory=2GiB, cpu_s=60 or open_files=256": (
        "limits={'memory': '2GiB', 'cpu_s': 60, 'open_files': 256}"
    ),
    "runthrough status lists the nodes": "factory.worklist() lists the nodes",
    "runthrough history-of-art": "runthrough history-of-art",
    "runthrough configure, or wait": f"{SHELL}runthrough configure, or wait",
}


@pytest.mark.parametrize("told", TOLD)
def test_commands_become_calls(told):
    """Wherever a command stands in a sentence, and whatever is said of it."""
    assert calls_in_python(told) == TOLD[told]


@pytest.mark.parametrize("told", TOLD)
def test_what_is_in_python_stays(told):
    """Advice that passes through two methods is translated once."""
    once = calls_in_python(told, session="quiet heron")
    assert calls_in_python(once, session="quiet heron") == once


def test_the_session_is_named_where_a_command_needs_it():
    """A session is gone on with by its name, and a shell is told which one is meant."""
    assert calls_in_python("runthrough resume --here") == f"{CLASS}.resume(SESSION, here=True)"
    told = calls_in_python("runthrough resume --here --workspace PATH", session="a")
    assert told == f"{CLASS}.resume('a', here=True, workspace_dir=PATH)"
    assert calls_in_python("runthrough resume --session b", session="a") == f"{CLASS}.resume('b')"
    told = calls_in_python("runthrough report", session="quiet heron")
    assert told == f"{SHELL}runthrough report --session 'quiet heron'"


def test_each_verb_has_a_call_or_is_known_to_have_none():
    """Whoever adds a verb says whether Python has it too."""
    assert {
        "completion",
        "config",
        "db",
        "demo",
        "doctor",
        "init",
        "next",
        "report",
        "serve",
        "sessions",
        "token",
    } == SHELL_ONLY
    assert verbs_of() > SHELL_ONLY


def typed_with(verb, option):
    """A command with as many places as it needs, and one option."""
    places = {"as-of": ("3",), "audit": ("verify",), "new": ("PIPELINE",)}.get(
        verb, ("A", "B.x")[: SHAPES[verb].needs]
    )
    if option is None:
        return command(verb, *places)
    value = {"--limit": "cpu_s=5", "--rename": "A=B"}.get(option, "N")
    if option in {"--input", "--output", "--env", "--arg"} and verb in {"configure", "external"}:
        value = "N=VALUE"
    given = option if options_of(verb)[option] == "flag" else f"{option} {word(value)}"
    return command(verb, *places, options=given)


FOR_A_SHELL = {
    ("diff", "--exit-code"),
    ("export", "--force"),
    ("export", "--schema"),
    ("export", None),
    ("new", "--from-folder"),
    ("new", "--output"),
    ("new", "-o"),
    ("plan", "--exit-code"),
    ("retry", "--runner"),
    ("retry", "--take-over"),
    ("run", "--runner"),
    ("run", "--take-over"),
    *(("audit", option) for option in options_of("audit")),
}
"""Options that no keyword says; what they are about is the screen, or another run."""


class Recorded:
    """Stands for the factory, or for its class: binds what is called as the real one would."""

    def __getattr__(self, name):
        signature = inspect.signature(getattr(InteractiveRuntimeTestingFactory, name))
        bound = inspect.ismethod(getattr(InteractiveRuntimeTestingFactory, name))

        def called(*places, **given):
            signature.bind(*(() if bound else (self,)), *places, **given)
            return {"nodes": {"A": name}}

        return called

    def __call__(self, *places, **given):
        inspect.signature(InteractiveRuntimeTestingFactory).bind(*places, **given)


NAMES = {
    "factory": Recorded(),
    CLASS: Recorded(),
    "Output": Output,
    "Secret": Secret,
    "SESSION": "demo",
    "load_pipeline": lambda file: file,
    **{name: name for name in PLACEHOLDERS},
}


@pytest.mark.parametrize(
    ("verb", "option"),
    [(verb, option) for verb in sorted(SHAPES) for option in (None, *options_of(verb))],
)
def test_a_call_fits_the_method(verb, option):
    """Each verb with each of its options is a call that Python takes, or is for a shell."""
    told = calls_in_python(typed_with(verb, option))
    assert told.startswith(SHELL) == (verb in SHELL_ONLY or (verb, option) in FOR_A_SHELL), told
    if not told.startswith(SHELL):
        eval(told, dict(NAMES))


def test_only_what_advises_is_changed_in_a_view():
    """At any depth, in place; values that people gave stay, whatever keys are among them."""
    spec = {"text": "runthrough run", "job_args": {"next": "runthrough run"}}
    view = {
        "next": "runthrough run",
        "worklist": [{"needs": ["runthrough check A", "no path"], "by": "runthrough run"}],
        "nodes": {"next": {"problems": [{"fix": "runthrough status"}], "spec": spec}},
        "error": {"message": "runthrough undo"},
    }
    view_in_python(view)
    assert view == {
        "next": "factory.execute_dag_guided_testing()",
        "worklist": [{"needs": ["factory.check('A')", "no path"], "by": "runthrough run"}],
        "nodes": {"next": {"problems": [{"fix": "factory.worklist()"}], "spec": spec}},
        "error": {"message": "factory.undo()"},
    }
    assert spec == {"text": "runthrough run", "job_args": {"next": "runthrough run"}}


def test_without_an_object_a_call_begins_with_the_class():
    """What an object that only reads has as well is asked of one, all else of a resumed one."""
    told = "runthrough status shows it, or runthrough cancel; else runthrough run"
    assert calls_without_an_object(told, "slow") == (
        f"{CLASS}.open('slow').worklist() shows it, or {CLASS}.open('slow').cancel(); else "
        f"{CLASS}.resume('slow').execute_dag_guided_testing()"
    )
    assert calls_without_an_object("runthrough undo", None) == f"{CLASS}.resume(SESSION).undo()"
