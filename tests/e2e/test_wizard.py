"""The wizard's way from question to question, with a sheet of answers instead of a terminal."""

import pytest
from tests.support.asking import Sheet
from tests.support.desk import Desk, outcomes, shop, states

from runthrough.application.answers import Answers
from runthrough.bootstrap import load_pipeline
from runthrough.core.commands import StartRun
from runthrough.core.values.ids import RunId
from runthrough.entrypoints.cli.asker import Move, Typed
from runthrough.entrypoints.cli.visit import Visit
from runthrough.entrypoints.cli.wizard import Wizard
from runthrough.entrypoints.cli.wizard_words import WizardWords
from runthrough.errors import CommandInvalidError, RunInProgressError, SessionClosedError

BACK, SKIP, NODE, QUIT = Move
EVERYTHING_OPEN = """\
name: shop
scripts: [scripts]
nodes:
  clean: {}
  total: {}
  report: {}
edges:
  - [clean, total]
  - [total, report]
"""
ORDERS_AT = "data/orders.csv"
OUTPUT_ASKED = "Where does report go?"
RECORDED = "pipeline:data/orders.csv"


@pytest.fixture
def desk(tmp_path):
    """Three scripts; `clean` needs a path and a variable, `report` an argument."""
    with shop(tmp_path) as desk:
        desk.shell.file("pipeline.yaml", EVERYTHING_OPEN)
        desk.begin()
        yield desk


def ask(desk: Desk, *replies, node=None, everything=False, actor="ann", **variables):
    """Let a person go through the wizard; the sheet tells what was asked."""
    sheet = Sheet(list(replies))
    session = desk.enter(actor)
    words = WizardWords(Visit(), session)
    wizard = Wizard(session, sheet, words, variables=variables)
    wizard.go(node, everything=everything)
    return sheet


def without_clean(desk):
    """Bob takes the first node out of the pipeline."""
    rest = EVERYTHING_OPEN.replace("  clean: {}\n", "").replace("  - [clean, total]\n", "")
    desk.enter("bob").update(load_pipeline(desk.shell.file("other.yaml", rest)))


def run_begins(desk):
    """Bob runs all of it, and his tester lives."""
    bobs = desk.enter("bob")
    ports, now = bobs._ports, bobs._ports.clock()
    run = RunId(ports.new_id())
    bobs._handle(StartRun(run=run, holder=ports.hosts.me(), runner="process:"))
    ports.leases.take(run, session_id=bobs.session_id, holder=ports.hosts.me(), at=now)


def spec(desk, node="clean"):
    """What a node is configured with, as somebody else sees it."""
    there = desk.enter("eve").state.nodes[node]
    return there.spec or there.draft


def test_the_normal_way_leaves_nothing_open_and_the_pipeline_runs(desk):
    """Each node is asked about in turn, and what was answered is what runs."""
    sheet = ask(desk, ORDERS_AT, "EUR", "1")
    assert sheet.titles == ["What feeds orders?", "What is CURRENCY?", "What is top?"]
    session = desk.enter()
    assert set(states(session).values()) == {"configured", "auto_configured"}
    assert outcomes(session.run())["report"] == "passed"


def test_each_answer_is_recorded_before_the_next_question(desk):
    """Whoever looks from elsewhere sees the first answer while the second is asked."""
    seen = []
    ask(desk, ORDERS_AT, lambda: seen.append(spec(desk).input_paths), QUIT)
    assert seen == [{"orders": RECORDED}]
    assert desk.count("ConfigurationDrafted", "clean") == 1


def test_leaving_half_way_loses_nothing_and_another_goes_on(desk):
    """Bob is asked only what Ann did not answer."""
    ask(desk, ORDERS_AT, QUIT)
    sheet = ask(desk, "EUR", QUIT, actor="bob")
    assert sheet.titles == ["What is CURRENCY?", "What is top?"]
    assert spec(desk).environ_vars == {"CURRENCY": "EUR"}


def test_a_wrong_path_is_told_and_stands_there_to_be_edited(desk, capsys):
    """Nothing of it is recorded, not even that it was tried."""
    before = len(desk.events())
    sheet = ask(desk, "type a path", "data/orders.cvs", lambda: None, ORDERS_AT, QUIT)
    assert sheet.typed[:2] == ["", "data/orders.cvs"]
    told = capsys.readouterr().out
    assert "✗ Input file does not exist: data/orders.cvs" in told
    assert "→ put it there, or runthrough configure clean --input orders=PATH" in told
    assert desk.count("ConfigurationRejected") == 0
    assert len(desk.events()) > before
    assert spec(desk).input_paths == {"orders": RECORDED}


def test_going_back_takes_the_answer_back_and_asks_it_again(desk):
    """History tells both, and the question holds what was given before."""
    sheet = ask(desk, ORDERS_AT, "USD", BACK, "EUR", QUIT)
    assert sheet.titles[1:4] == ["What is CURRENCY?", "What is top?", "What is CURRENCY?"]
    assert sheet.typed[-2:] == ["USD", ""]
    assert spec(desk).environ_vars == {"CURRENCY": "EUR"}
    assert desk.count("ConfigurationReverted") == 1


def test_going_back_twice_crosses_nodes_and_skipped_questions(desk):
    """What was skipped is asked again on the way back, without anything to take back."""
    sheet = ask(desk, SKIP, "EUR", BACK, BACK, QUIT)
    assert sheet.titles == [
        "What feeds orders?",
        "What is CURRENCY?",
        "What is top?",
        "What is CURRENCY?",
        "What feeds orders?",
    ]
    assert spec(desk).environ_vars == {}


def test_what_was_skipped_comes_again_behind_where_one_went_back(desk):
    """Going back over two skipped questions asks both again."""
    sheet = ask(desk, SKIP, SKIP, BACK, BACK, ORDERS_AT, "EUR", QUIT)
    assert sheet.titles[-3:] == ["What feeds orders?", "What is CURRENCY?", "What is top?"]


def test_going_back_to_a_node_that_was_left_goes_through_it(desk):
    """Its other questions are asked too."""
    sheet = ask(desk, NODE, BACK, ORDERS_AT, "EUR", QUIT)
    assert sheet.titles == [
        "What feeds orders?",
        "What is top?",
        "What feeds orders?",
        "What is CURRENCY?",
        "What is top?",
    ]


def test_going_back_among_everything_asks_again_what_comes_behind(desk):
    """An answer that was taken back is not taken for given."""
    ask(desk, "1", node="report")
    sheet = ask(
        desk,
        "keep",
        "type",
        "2",
        *[BACK] * 3,
        "keep",
        "keep",
        QUIT,
        node="report",
        everything=True,
    )
    assert sheet.titles[-3:] == ["What feeds totals?", "What is top?", OUTPUT_ASKED]
    assert spec(desk, "report").job_args == {"top": 1}


def test_going_back_to_what_is_gone_goes_on(desk):
    """Somebody took the node away; what was typed for it is not typed for another."""
    ask(desk, ORDERS_AT, QUIT)
    sheet = ask(desk, "EUR", lambda: without_clean(desk), BACK, QUIT)
    assert sheet.titles[-1] != "What is CURRENCY?"
    assert sheet.typed[-1] == ""


def test_back_from_a_line_leads_to_the_list(desk, capsys):
    """Also where a wrong answer stood in the line; the question before is not touched."""
    ask(desk, "1", node="report")
    wrong = "scripts/report.py"
    sheet = ask(
        desk,
        *("keep", "keep", "type", BACK, "type", wrong, BACK, "type", "best.txt"),
        node="report",
        everything=True,
    )
    assert sheet.titles[2:] == [OUTPUT_ASKED] * 7
    assert "would overwrite the script of report" in capsys.readouterr().out
    assert spec(desk, "report").output_paths == {"report": "pipeline:best.txt"}


def test_there_is_nothing_before_the_first_question(desk, capsys):
    """It is asked again."""
    sheet = ask(desk, BACK, QUIT)
    assert sheet.titles == ["What feeds orders?"] * 2
    assert "this is the first question" in capsys.readouterr().out


def test_an_answer_that_somebody_built_upon_is_replaced_and_not_undone(desk, capsys):
    """Bob acted since, so what Ann gave stands until she gives another."""

    def bob():
        desk.enter("bob").configure("report", Answers(job_args={"top": 2}))

    sheet = ask(desk, ORDERS_AT, "USD", bob, BACK, "type another", "EUR", QUIT)
    assert "CURRENCY stays as it is until another answer takes its place" in (
        capsys.readouterr().out
    )
    assert sheet.lists[-1][0] == "keep USD"
    assert desk.count("ConfigurationReverted") == 0
    assert desk.count("CommandRefused") == 0, "nothing was tried that could not be done"
    assert spec(desk).environ_vars == {"CURRENCY": "EUR"}
    assert spec(desk, "report").job_args == {"top": 2}


def test_what_somebody_else_changed_meanwhile_is_told_and_kept(desk, capsys):
    """Ann's answer is not recorded; she sees what Bob gave, and keeps it by one key."""

    def bob():
        desk.enter("bob").configure("clean", Answers(environ_vars={"CURRENCY": "USD"}))

    before = desk.count("ConfigurationDrafted")
    sheet = ask(desk, ORDERS_AT, bob, "EUR", "keep", QUIT)
    told = capsys.readouterr().out
    assert "bob changed clean meanwhile" in told
    assert "env.CURRENCY  not set → USD" in told
    assert sheet.lists[-1][0] == "keep USD"
    assert spec(desk).environ_vars == {"CURRENCY": "USD"}
    assert desk.count("ConfigurationDrafted") == before + 1, "only that of the path"


def test_what_somebody_changed_is_noticed_behind_a_wrong_answer_too(desk, capsys):
    """A look at a wrong path takes in what Bob did, and yet his path is not overwritten."""

    def bob():
        desk.shell.file("data/march.csv", "a\n1\n")
        desk.enter("bob").configure(
            "clean", Answers(input_paths={"orders": "data/march.csv"}, partial=True)
        )

    ask(desk, bob, "type a path", "data/none.csv", ORDERS_AT, QUIT)
    assert "bob changed clean meanwhile" in capsys.readouterr().out
    assert spec(desk).input_paths == {"orders": "pipeline:data/march.csv"}


def test_a_node_that_somebody_takes_away_is_asked_about_no_more(desk):
    """The wizard goes on with what is left."""
    sheet = ask(desk, lambda: without_clean(desk), ORDERS_AT, QUIT)
    assert sheet.titles == ["What feeds orders?", "What feeds clean_orders?"]


def test_a_run_that_begins_meanwhile_ends_the_wizard(desk, capsys):
    """Its nodes cannot be configured, and the error tells whose run it is."""
    ask(desk, ORDERS_AT, "EUR", "1")

    def bob():
        run_begins(desk)

    with pytest.raises(RunInProgressError):
        ask(desk, SKIP, bob, "type", "USD", "type", "GBP", node="clean", everything=True)
    assert "bob acted on clean meanwhile (RunStarted" in capsys.readouterr().out
    assert spec(desk).environ_vars == {"CURRENCY": "EUR"}


def test_nothing_is_taken_back_while_a_run_is_on(desk, capsys):
    """The answer stands, which is said, and the question is asked again."""
    ask(desk, ORDERS_AT, "EUR", QUIT)
    ask(desk, "1", node="report")
    replies = (SKIP, "type", "2", lambda: run_begins(desk), BACK, QUIT)
    sheet = ask(desk, *replies, node="report", everything=True)
    assert "top stays as it is" in capsys.readouterr().out
    assert sheet.lists[-1][0] == "keep 2"
    assert spec(desk, "report").job_args == {"top": 2}


def test_after_a_conflict_the_person_may_still_replace_it(desk):
    """Knowing of it, Ann gives her value all the same."""

    def bob():
        desk.enter("bob").configure("clean", Answers(environ_vars={"CURRENCY": "USD"}))

    ask(desk, ORDERS_AT, bob, "EUR", "type another", "EUR", QUIT)
    assert spec(desk).environ_vars == {"CURRENCY": "EUR"}


def test_a_node_may_be_left_for_the_next_one(desk):
    """Its other questions are not asked, and it still needs a person."""
    sheet = ask(desk, NODE, "1")
    assert sheet.titles == ["What feeds orders?", "What is top?"]
    assert states(desk.enter())["clean"] == "pending"


def test_one_node_alone_is_asked_about(desk):
    """A named node is gone through, and then the wizard ends."""
    assert ask(desk, "1", node="report").titles == ["What is top?"]


def test_everything_of_a_node_may_be_gone_through(desk):
    """With everything, what is answered may be kept, and it is asked once."""
    ask(desk, "1", node="report")
    sheet = ask(desk, "keep", "keep", SKIP, node="report", everything=True)
    assert sheet.titles == ["What feeds totals?", "What is top?", OUTPUT_ASKED]
    assert desk.count("ScriptConfigured", "report") == 1


def test_among_everything_only_what_is_missing_needs_the_person(desk, capsys):
    """The rest is counted apart; where nothing is missing, that is said."""
    ask(desk, QUIT, node="report", everything=True)
    told = capsys.readouterr().out
    assert "needs you for 1 answer: top; 2 more asked, for you said --all" in told
    ask(desk, "1", node="report")
    capsys.readouterr()
    ask(desk, QUIT, node="report", everything=True)
    told = capsys.readouterr().out
    assert "nothing is missing; asks for 3 answers: totals, top, report" in told


def test_an_answer_among_everything_is_asked_for_once(desk):
    """What was replaced does not come again with its new value."""
    ask(desk, "1", node="report")
    sheet = ask(desk, "keep", "type another", "2", SKIP, node="report", everything=True)
    assert sheet.titles == ["What feeds totals?", "What is top?", "What is top?", OUTPUT_ASKED]
    assert spec(desk, "report").job_args == {"top": 2}


def test_a_value_of_several_lines_is_one_line_of_the_list(desk):
    """What stands in a variable moves no cursor and breaks no list; it is taken as it is."""
    lines = "E\nU\x1b[2JR"
    sheet = ask(desk, ORDERS_AT, "E", QUIT, CURRENCY=lines)
    assert sheet.lists[1][0] == "E\\nU\\x1b[2JR"
    assert spec(desk).environ_vars == {"CURRENCY": lines}


def test_a_value_is_read_as_the_command_line_reads_it(desk):
    """JSON where it is JSON; a text that looks like a number is quoted."""
    ask(desk, '"2"', node="report")
    assert spec(desk, "report").job_args == {"top": "2"}


def test_an_empty_line_is_no_answer(desk, capsys):
    """It is asked again, and what to do is said."""
    sheet = ask(desk, "", "2", node="report")
    assert sheet.titles == ["What is top?"] * 2
    assert "Nothing was typed." in capsys.readouterr().out


@pytest.mark.parametrize(("typed", "kept"), [("n", "n"), ("q", "q"), ("@plain:>", ">")])
def test_no_letter_moves_and_a_sign_that_does_is_given_as_plain(desk, capsys, typed, kept):
    """The text itself is recorded, and told as it is recorded."""
    ask(desk, ORDERS_AT, typed, QUIT)
    assert spec(desk).environ_vars == {"CURRENCY": kept}
    assert f"✓ CURRENCY = {kept}  version" in capsys.readouterr().out


def test_what_is_typed_in_a_list_is_gone_on_with_in_a_line(desk):
    """Nothing of the list is taken, and the way back from the line leads to the list."""
    sheet = ask(desk, Typed("d"), BACK, Typed("d"), ORDERS_AT, QUIT)
    assert sheet.typed[:2] == ["d", "d"]
    assert sheet.titles[:4] == ["What feeds orders?"] * 4
    assert spec(desk).input_paths == {"orders": RECORDED}


def test_a_secret_is_asked_for_by_its_name_and_a_value_is_never_kept(desk):
    """What is no known name is asked about before it is recorded, and can be taken back."""
    desk.script("clean", NEEDS_A_TOKEN)
    desk.enter().resume()
    sheet = ask(desk, ORDERS_AT, "hunter2", "no", "AKIAABCDEFGHIJKLMNOP", "VAULT_NAME", "yes")
    assert spec(desk).environ_vars == {"SHOP_TOKEN": {"secret": "VAULT_NAME"}}
    assert any("named like a secret" in line for p in sheet.prompts for line in p.lines)
    for secret in (b"hunter2", b"AKIAABCDEFGHIJKLMNOP"):
        assert secret not in desk.shell.stored()


def test_quitting_where_a_secrets_name_is_doubted_quits(desk):
    """Nothing of it is recorded."""
    desk.script("clean", NEEDS_A_TOKEN)
    desk.enter().resume()
    sheet = ask(desk, ORDERS_AT, "hunter2", QUIT)
    assert sheet.titles[-1] == "Is hunter2 the name of a secret?"
    assert spec(desk).environ_vars == {}


def test_what_looks_like_a_secret_does_not_stand_in_the_line_again(desk, capsys):
    """It is refused under any name, and not shown for others to read."""
    sheet = ask(desk, ORDERS_AT, "AKIAABCDEFGHIJKLMNOP", QUIT)
    assert sheet.typed == ["", ""]
    told = capsys.readouterr().out
    assert "✗" in told
    assert "AKIAABCDEFGHIJKLMNOP" not in told


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("CURRENCY", "@secret:hunter2!"),
        ("CURRENCY", "@secret:hunter2 it is"),
        ("top", "@secret:hunter2!"),
        ("top", '{"password": "hunter2"}'),
        ("SHOP_TOKEN", "@secret:hunter2!"),
        ("SHOP_TOKEN", "hunter2!"),
    ],
)
def test_a_short_secret_in_the_place_of_a_name_does_not_stand_in_the_line_again(
    desk, capsys, name, given
):
    """Whatever it looks like, what was refused as a secret is neither offered nor told."""
    if name == "SHOP_TOKEN":
        desk.script("clean", NEEDS_A_TOKEN)
        desk.enter().resume()
    before = ["EUR"] if name == "top" else []
    sheet = ask(desk, ORDERS_AT, *before, given, QUIT)
    assert sheet.titles[-2:] == [f"What is {name}?"] * 2
    assert sheet.typed[-2:] == ["", ""]
    assert "hunter2" not in f"{capsys.readouterr()}{sheet.lists}{sheet.prompts}"
    assert b"hunter2" not in desk.shell.stored()


def test_choices_are_chosen_and_not_typed(desk):
    """The list holds the choices, and nothing leads to a line."""
    desk.script("report", HAS_CHOICES)
    desk.enter().resume()
    sheet = ask(desk, "long", node="report")
    assert sheet.lists == [["short", "long"]]
    assert sheet.prompts[0].lines == ("argument: how much is told",)
    assert spec(desk, "report").job_args == {"mode": "long"}


def test_a_path_may_begin_in_the_persons_own_folder(desk, monkeypatch):
    """`~` is what a shell would make of it."""
    monkeypatch.setenv("HOME", str(desk.folder))
    ask(desk, "type", f"~/{ORDERS_AT}", QUIT)
    assert spec(desk).input_paths == {"orders": RECORDED}


def test_what_runs_wrote_is_not_offered(desk):
    """The session's own folder holds outputs whose names fit."""
    ask(desk, ORDERS_AT, "EUR", "1")
    session = desk.enter()
    session.run()
    found = session.questions("total", everything=True)[0].candidates
    assert not any(".runthrough" in candidate.value for candidate in found)


def test_files_of_this_machine_are_offered_only_where_the_session_lives(desk):
    """Of a session that has moved away, answers without files can still be given."""
    desk.enter("bob", "there").move_home(workspaces=[str(desk.folder)])
    (first, *_) = desk.enter("ann", "here").questions("clean")
    assert (first.name, first.candidates) == ("orders", ())
    ask(desk, SKIP, "EUR", QUIT)
    assert spec(desk).environ_vars == {"CURRENCY": "EUR"}


def test_an_empty_answer_is_refused_whoever_gives_it(desk):
    """A form may send blanks."""
    session = desk.enter()
    for question in session.questions("clean"):
        with pytest.raises(CommandInvalidError, match=f"nothing is said of {question.name}"):
            session.answer(question, "  ")
    with pytest.raises(CommandInvalidError, match="name the secret"):
        session.answer(session.questions("clean")[1], "@secret:")


def test_what_is_no_secret_is_said_so(desk):
    """A name may only look like a secret's."""
    desk.script("clean", NEEDS_A_TOKEN)
    desk.enter().resume()
    ask(desk, ORDERS_AT, "@plain:none", QUIT)
    assert spec(desk).environ_vars == {"SHOP_TOKEN": "none"}


def test_a_secret_that_is_set_here_needs_no_second_question(desk):
    """The environment has it, and only its name is offered and kept."""
    desk.script("clean", NEEDS_A_TOKEN)
    desk.enter().resume()
    sheet = ask(desk, ORDERS_AT, "@secret:SHOP_TOKEN", QUIT, SHOP_TOKEN="hunter2")
    assert "hunter2" not in f"{sheet.lists}{sheet.prompts}"
    assert spec(desk).environ_vars == {"SHOP_TOKEN": {"secret": "SHOP_TOKEN"}}


def test_the_name_of_a_secret_that_is_set_here_is_taken(desk, monkeypatch):
    """What is typed need not be doubted."""
    monkeypatch.setenv("VAULT_NAME", "hunter2")
    desk.script("clean", NEEDS_A_TOKEN)
    desk.enter().resume()
    sheet = ask(desk, ORDERS_AT, "VAULT_NAME", QUIT)
    assert sheet.titles == ["What feeds orders?", "What is SHOP_TOKEN?", "What is top?"]
    assert spec(desk).environ_vars == {"SHOP_TOKEN": {"secret": "VAULT_NAME"}}


def test_a_missing_script_is_chosen_among_those_that_are_near(desk):
    """The nearest is offered; once it is bound, its own needs are asked for."""
    (desk.folder / "scripts/report.py").rename(desk.folder / "scripts/reports.py")
    desk.enter().resume()
    sheet = ask(desk, "scripts/reports.py", "3", node="report")
    assert sheet.titles == ["Which script does report run?", "What is top?"]
    assert spec(desk, "report").job_args == {"top": 3}


def test_a_node_without_a_script_may_stand_for_something_outside(desk, capsys):
    """What it provides is asked for, and a line that says nothing of it is told."""
    (desk.folder / "scripts/clean.py").unlink()
    desk.enter().resume()
    ask(desk, "outside", "what?", f"clean_orders={ORDERS_AT}", "", node="clean")
    there = desk.enter().state.nodes["clean"]
    assert there.external
    assert there.external_outputs == {"clean_orders": RECORDED}
    assert "what? is no output with its path" in capsys.readouterr().out


def test_a_script_that_is_not_there_is_told_and_another_is_asked_for(desk, capsys):
    """The path stands in the line to be edited."""
    (desk.folder / "scripts/report.py").rename(desk.folder / "scripts/best.py")
    desk.enter().resume()
    sheet = ask(desk, "type", "scripts/bets.py", "scripts/best.py", "3", node="report")
    assert sheet.typed[0].endswith("scripts/report.py"), "what was there is to be edited"
    assert sheet.typed[1] == "scripts/bets.py"
    assert "✗" in capsys.readouterr().out
    assert spec(desk, "report").job_args == {"top": 3}


def test_whoever_changes_their_mind_goes_back_from_what_is_provided(desk):
    """The node is not made external."""
    (desk.folder / "scripts/clean.py").unlink()
    desk.enter().resume()
    sheet = ask(desk, "outside", BACK, QUIT, node="clean")
    assert sheet.titles == [
        "Which script does clean run?",
        "What does clean provide?",
        "Which script does clean run?",
    ]
    assert not desk.enter().state.nodes["clean"].external
    assert ask(desk, "outside", QUIT, node="clean").titles == sheet.titles[:2]


def test_what_looks_wrong_and_forbids_nothing_is_a_warning(desk, capsys):
    """It is recorded, and said with what to do."""
    desk.shell.file("data/march.parquet", "customer,currency,amount\n")
    ask(desk, "type", "data/march.parquet", QUIT)
    told = capsys.readouterr().out
    assert "✓ orders = data/march.parquet" in told
    assert "! warning: " in told


def test_a_file_that_is_gone_may_be_put_back_or_another_one_named(desk, capsys):
    """What was given stands in the line to be edited, and is not offered again."""
    ask(desk, ORDERS_AT, "EUR", "1")
    away = desk.folder / "away"
    desk.orders.rename(away)
    replies = ("look again", lambda: away.rename(desk.orders), "look again")
    sheet = ask(desk, "type", BACK, *replies)
    assert sheet.lists[0] == ["type a path, or @NODE.OUTPUT …", "look again, once it is mended"]
    assert any("does not exist: data/orders.csv" in line for line in sheet.prompts[0].lines)
    assert sheet.typed[0].endswith("data/orders.csv")
    told = capsys.readouterr().out
    assert told.index("orders is as it was") < told.index("orders holds now")
    assert desk.enter().asked_nodes() == []


def test_a_script_that_is_broken_may_be_mended_and_looked_at_again(desk):
    """The wizard goes on once the file is in order."""
    broken = desk.folder / "scripts/report.py"
    source = broken.read_text()
    broken.write_text("def main(:\n")
    desk.enter().resume()
    sheet = ask(desk, lambda: broken.write_text(source), "look again", "1", node="report")
    assert sheet.titles == ["Which script does report run?", "What is top?"]


def test_what_is_proposed_may_be_confirmed_rejected_or_replaced(tmp_path):
    """Each way is recorded as what it is."""
    for reply, kind in (
        ("@clean.clean_orders", "ConnectionConfirmed"),
        ("leave it open", "ConnectionRejected"),
        ("orders.csv", "ScriptConfigured"),
    ):
        folder = tmp_path / kind
        folder.mkdir()
        with shop(folder) as desk:
            desk.script("total", TAKES_SOMETHING_ELSE)
            desk.begin()
            sheet = ask(desk, reply, QUIT, node="total")
            assert sheet.titles[0] == "What feeds orders_of_march?"
            assert desk.count(kind, "total") == 1, desk.events(kind)
            if kind == "ConnectionConfirmed":
                ((_, _, event),) = desk.events(kind)
                assert event["score"] is not None, "what is proposed is confirmed, with its score"


def test_another_part_of_what_is_proposed_may_be_connected(tmp_path):
    """It is typed behind @, and is the person's own word."""
    with shop(tmp_path) as desk:
        desk.script("total", TAKES_SOMETHING_ELSE)
        desk.begin()
        ask(desk, "type", "@clean.clean_orders/march", QUIT, node="total")
        ((_, _, event),) = desk.events("ConnectionConfirmed")
        assert (event["subpath"], event["score"]) == ("march", None)


def test_nodes_with_something_proposed_are_asked_about_first(tmp_path):
    """What is to be confirmed comes before what is to be typed, as in the next command."""
    with shop(tmp_path) as desk:
        desk.script("total", TAKES_SOMETHING_ELSE)
        desk.shell.file("pipeline.yaml", EVERYTHING_OPEN)
        session = desk.begin()
        assert [row.node for row in session.worklist()][:2] == ["clean", "total"]
        assert session.asked_nodes() == ["total", "clean", "report"]


def test_an_input_that_was_left_open_is_asked_for_as_a_path(tmp_path):
    """It is required, so the question comes again, without what was rejected."""
    with shop(tmp_path) as desk:
        desk.script("total", TAKES_SOMETHING_ELSE)
        desk.begin()
        sheet = ask(desk, "leave it open", QUIT, node="total")
        assert sheet.titles == ["What feeds orders_of_march?"] * 2
        assert "@clean.clean_orders" not in sheet.lists[1]


def test_ctrl_c_ends_the_wizard_with_what_was_answered(desk):
    """The interrupt is passed on, and the answers before it stand."""

    def interrupt():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ask(desk, ORDERS_AT, interrupt)
    assert spec(desk).input_paths == {"orders": RECORDED}


def test_a_closed_session_asks_nothing(desk):
    """It says how to open it again."""
    desk.enter().close()
    with pytest.raises(SessionClosedError):
        ask(desk)


def test_a_session_that_is_closed_meanwhile_ends_the_wizard(desk):
    """No answer could be recorded any more."""
    with pytest.raises(SessionClosedError):
        ask(desk, ORDERS_AT, lambda: desk.enter("bob").close(), "EUR")


NEEDS_A_TOKEN = """
def main(input_paths, output_paths, environ_vars, job_args):
    open(input_paths["orders"])
    token = environ_vars["SHOP_TOKEN"]
    open(output_paths["clean_orders"], "w").write("x")
"""
TAKES_SOMETHING_ELSE = """
def main(input_paths, output_paths, environ_vars, job_args):
    open(input_paths["orders_of_march"])
    open(output_paths["totals"], "w").write("x")
"""
HAS_CHOICES = """
import argparse


def main(input_paths, output_paths, environ_vars, job_args):
    open(input_paths["totals"])
    mode = job_args.mode
    open(output_paths["report"], "w").write(mode)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--mode", required=True, help="how much is told", choices=["short", "long"]
    )
    main({}, {}, {}, parser.parse_args())
"""
