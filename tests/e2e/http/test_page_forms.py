"""Forms of the session's screen, sent by browsers that run no script."""

import pytest
from tests.support.desk import top
from tests.support.mailing import TWO, TWO_NEEDS, started, values
from tests.support.pipelines import MADE, MAKE, PARTS, READS_PARTS, TAKE


@pytest.fixture
def mail(counter):
    """A session on one node with several needs."""
    return started(counter, "mail", TWO, send=TWO_NEEDS)


@pytest.fixture
def made(counter):
    """A session in which an output is proposed for an input."""
    return started(counter, "made", MADE, make=MAKE, take=TAKE)


def test_an_answer_is_recorded_and_told_and_the_next_thing_comes(counter, tim):
    """The actor of the token, at the door page, and after it nothing waits."""
    page = tim.send(tim.get("/sessions/demo"), "/answers", job_arg__top="3")
    assert page.status == 200
    assert "Nothing is missing. Run it." in page.told(".//*[@id='next']")
    assert "arg.top not set → 3" in page.told(".//*[@role='status']")
    row = counter.application.sessions.open("demo").history(node="report")[-1]
    assert (row.actor, row.door, row.after["arg.top"]) == ("tim", "page", 3)


def test_a_form_that_says_nothing_new_records_nothing(counter, tim):
    """Sending what was shown is no answer."""
    before = counter.application.sessions.open("demo").version
    page = tim.send(tim.get("/sessions/demo?node=clean"), "/answers")
    assert page.status == 200
    assert counter.application.sessions.open("demo").version == before


def test_of_two_answers_the_one_that_holds_is_kept_and_the_other_stands_at_its_field(
    counter, tim, mail
):
    """The mistake is told where it was typed, with what was typed, and how to mend it."""
    page = tim.send(
        tim.get(mail), "/answers", input__letter="nowhere.txt", environ_var__SENT_TO="ann@x.org"
    )
    assert page.status == 422
    letter = page.field("input:letter")
    assert letter.get("value") == "nowhere.txt"
    assert letter.get("aria-invalid") == "true"
    assert "autofocus" in letter.attrib
    assert "Input file does not exist" in page.described("input:letter")
    assert "1 thing to mend" in page.told(".//*[@id='node']//*[@role='alert']")
    assert values(counter, "mail", "send")["env.SENT_TO"] == "ann@x.org"


def test_a_fix_that_is_a_value_is_a_button(counter, tim):
    """What is near is offered with its reason, and one press records it."""
    counter.desk.shell.file("data/letter.txt", "hello")
    mail = started(counter, "mail", TWO, send=TWO_NEEDS)
    page = tim.get(mail)
    button = next(
        one for one in page.form("/answers").iter("button") if "letter" in one.get("value", "")
    )
    page = tim.send(page, "/answers", (button.get("name"), button.get("value")))
    assert page.status == 200
    assert values(counter, "mail", "send")["input.letter"].endswith("data/letter.txt")


def test_a_proposed_connection_is_confirmed_by_its_button(counter, tim, made):
    """The list beside the picture names what feeds what, why, and takes one press."""
    page = tim.get(made)
    listed = page.told(".//*[@id='proposals']")
    assert "make.alpha" in listed or "make.beta" in listed
    assert "feeds" in listed
    page = tim.send(page, "/connections", ("verb", "confirm"))
    assert page.status == 200
    assert not page.has(".//*[@id='proposals']")
    assert counter.application.sessions.open("made").connections()[0]["status"] == "confirmed"


def test_the_picture_leads_to_what_is_proposed(tim, made):
    """The asked line is a link to the place in the list that decides it."""
    page = tim.get(made)
    (line,) = [
        link for link in page.all(".//svg/a") if link.find("g").get("class").startswith("rt-edge")
    ]
    assert page.has(f".//*[@id='{line.get('href').removeprefix('#')}']")


def test_a_proposed_connection_is_rejected_by_its_button(counter, tim, made):
    """It is not proposed again; what is second best takes its place."""
    first = counter.application.sessions.open("made").connections()[0]["output"]
    page = tim.send(tim.get(made), "/connections", ("verb", "reject"))
    assert page.status == 200
    (wire,) = counter.application.sessions.open("made").connections()
    assert (wire["status"], {first, wire["output"]}) == ("proposed", {"alpha", "beta"})


def test_a_proposal_is_answered_in_the_form_as_well(counter, tim, made):
    """Another output than the proposed one is connected; none of them is a button."""
    page = tim.get(made)
    proposed = filled_offers(page)
    other = next(one for one in ("@make.alpha", "@make.beta") if one != proposed[0])
    page = tim.send(page, "/answers", connection__gamma=other)
    assert page.status == 200
    (wire,) = counter.application.sessions.open("made").connections()
    assert f"@{wire['from_node']}.{wire['output']}" == other


@pytest.fixture
def parted(counter):
    """A session in which one of two sub-folders of an output is to be chosen."""
    return started(counter, "parted", MADE, make=PARTS, take=READS_PARTS)


def test_of_several_sub_folders_none_is_chosen_beforehand(counter, tim, parted):
    """Neither in the list nor in the form leads a button to one of them."""
    page = tim.get(parted)
    form = page.form("/connections")
    (folders,) = [one for one in form.iter("select") if one.get("name") == "source"]
    chosen = [option.get("value") for option in folders if "selected" in option.attrib]
    assert chosen == [""]
    assert "confirm" not in [button.get("value") for button in form.iter("button")]
    assert "Confirm" not in page.told(".//*[@id='node']")
    assert "runthrough connect make.parts/one take.gamma" in page.told(".//*[@id='next']")


def test_a_form_without_a_sub_folder_is_answered_at_the_field(counter, tim, parted):
    """Nothing is connected, and each choice is a button there."""
    page = tim.send(tim.get(parted), "/connections", ("verb", "connect"))
    assert page.status == 422
    assert "is not chosen" in page.described("connection:gamma")
    (wire,) = counter.application.sessions.open("parted").connections()
    assert wire["status"] == "proposed"
    told = [one.get("value") for one in page.form("/answers").iter("button")]
    assert "connection:gamma=@make.parts/two" in told


def test_the_chosen_sub_folder_is_connected(counter, tim, parted):
    """The node then says by whose word nothing is missing."""
    page = tim.send(tim.get(parted), "/connections", ("verb", "connect"), source="make.parts/two")
    assert page.status == 200
    (wire,) = counter.application.sessions.open("parted").connections()
    assert (wire["status"], wire["subpath"]) == ("confirmed", "two")
    page = tim.get(f"{parted}?node=take")
    assert "since a person connected gamma" in page.told(".//*[@id='node']")


def test_a_button_of_the_form_connects_its_sub_folder(counter, tim, parted):
    """The likeliest too is connected as it was named, and not confirmed."""
    page = tim.send(tim.get(parted), "/answers", ("use", "connection:gamma=@make.parts/one"))
    assert page.status == 200
    (wire,) = counter.application.sessions.open("parted").connections()
    assert (wire["status"], wire["subpath"]) == ("confirmed", "one")


def test_what_only_the_edge_speaks_for_is_no_first_button(tim, made):
    """Of two outputs that are as likely both are offered alike."""
    page = tim.get(made)
    buttons = [*page.form("/connections").iter("button"), *page.form("/answers").iter("button")]
    offered = [b for b in buttons if b.get("value") == "confirm" or b.get("name") == "use"]
    assert offered
    assert all("second" in button.get("class") for button in offered)


def filled_offers(page):
    """What may be taken by a button, in order."""
    return [
        one.get("value").partition("=")[2]
        for one in page.form("/answers").iter("button")
        if one.get("name") == "use"
    ]


def test_none_of_what_is_proposed_is_a_button_of_the_form(counter, tim, made):
    """Pressing it rejects the proposal."""
    page = tim.send(tim.get(made), "/answers", ("reject", "gamma"))
    assert page.status == 200
    assert counter.desk.count("ConnectionRejected", "take") == 1


def test_of_a_secret_its_name_alone_is_taken(counter, tim, mail):
    """The field asks for the name; what is recorded refers to it."""
    page = tim.get(mail)
    assert "never its value" in page.told(".//*[@id='node']")
    page = tim.send(page, "/answers", environ_var__MAIL_API_KEY="MAILER")
    assert page.status == 200
    assert values(counter, "mail", "send")["env.MAIL_API_KEY"] == {"secret": "MAILER"}
    assert page.field("environ_var:MAIL_API_KEY").get("value") == "MAILER"


def test_a_name_in_small_letters_is_told_from_a_password_by_its_prefix(counter, tim, mail):
    """Nobody is asked whether a bare word is a name, so it says so itself."""
    page = tim.send(tim.get(mail), "/answers", environ_var__MAIL_API_KEY="@secret:mail/key")
    assert page.status == 200
    assert values(counter, "mail", "send")["env.MAIL_API_KEY"] == {"secret": "mail/key"}


def test_what_looks_like_a_secret_is_refused_at_its_field_and_not_sent_back(counter, tim, mail):
    """The value is nowhere in the page that comes, nor in the log."""
    planted = "ghp_" + "a1B2" * 9
    page = tim.send(tim.get(mail), "/answers", environ_var__SENT_TO=planted)
    assert page.status == 422
    assert "secret" in page.described("environ_var:SENT_TO")
    assert planted not in page.text
    assert planted not in str(counter.desk.events())


@pytest.mark.parametrize(
    "planted",
    [
        "s" + "k-live-123456",
        "hunter2!",
        "123456",
        "@secret:" + "s" + "k-live-123456",
        "a1" * 16,
        "correct_horse_7",
    ],
)
def test_a_secret_typed_where_its_name_belongs_is_kept_nowhere(counter, tim, mail, planted):
    """It is refused as the command line refuses it, and stands in no page and no event."""
    page = tim.send(tim.get(mail), "/answers", environ_var__MAIL_API_KEY=planted)
    assert page.status == 422
    assert "was not kept" in page.described("environ_var:MAIL_API_KEY")
    told, kept = planted.removeprefix("@secret:"), str(counter.desk.events())
    assert told not in page.text
    assert f"'{told}" not in kept
    assert f":{told}" not in kept
    assert "env.MAIL_API_KEY" not in values(counter, "mail", "send")


def test_a_secret_typed_is_not_sent_back_where_another_field_is_wrong(counter, tim, mail):
    """The whole form is refused for its time limit, and the field of the secret is empty."""
    page = tim.send(
        tim.get(mail), "/answers", environ_var__MAIL_API_KEY="hunter2!", timeout_s="soon"
    )
    assert page.status == 422
    assert "soon" in page.text
    assert "hunter2!" not in page.text


def test_choices_are_chosen_from(counter, tim):
    """A closed list is radio buttons, and the chosen one is recorded."""
    contract = "expected_arguments:\n  tone: {choices: [plain, formal], required: true}\n"
    counter.desk.shell.file("scripts/send.contract.yaml", contract)
    mail = started(counter, "mail", TWO, send=TWO_NEEDS)
    page = tim.get(mail)
    offered = [
        one.get("value")
        for one in page.form("/answers").iter("input")
        if one.get("name") == "job_arg:tone" and one.get("type") == "radio"
    ]
    assert offered == ["plain", "formal"]
    tim.send(page, "/answers", job_arg__tone="formal")
    assert values(counter, "mail", "send")["arg.tone"] == "formal"


def test_a_field_that_is_emptied_takes_its_answer_back(counter, tim):
    """What nobody says any more is missing again."""
    counter.session.configure("report", top(3))
    page = tim.send(tim.get("/sessions/demo?node=report"), "/answers", job_arg__top="")
    assert page.status == 200
    assert counter.application.sessions.open("demo").waits("report")


def test_an_emptied_input_is_cut_from_what_feeds_it(counter, tim):
    """The connection is removed, which history tells."""
    page = tim.send(tim.get("/sessions/demo?node=total"), "/answers", input__clean_orders="")
    assert page.status == 200
    assert counter.desk.count("ConnectionRemoved", "total") == 1


def test_a_time_limit_and_a_note_belong_to_the_form(counter, tim):
    """Both are recorded; a limit that is none is told, with what was typed."""
    page = tim.get("/sessions/demo?node=clean")
    wrong = tim.send(page, "/answers", timeout_s="soon", user_notes="ask ann")
    assert wrong.status == 422
    assert "'soon' is no time limit" in wrong.told(".//*[@id='node']")
    assert wrong.field("timeout_s").get("value") == "soon"
    assert wrong.field("user_notes").text == "ask ann"
    tim.send(wrong, "/answers", timeout_s="90")
    held = values(counter, "demo", "clean")
    assert (held["timeout_s"], held["user_notes"]) == (90.0, "ask ann")


# ---- scripts and marks


def test_a_script_is_bound_and_one_that_is_not_there_is_told(counter, tim):
    """What was typed is shown again; then the right one is taken."""
    counter.desk.script("other", TWO_NEEDS)
    mail = started(counter, "lost", "name: lost\nscripts: [scripts]\nnodes: {sendd: {}}\n")
    wrong = tim.send(tim.get(mail), "/script", typed="scripts/nowhere.py")
    assert wrong.status == 409
    assert wrong.field("typed").get("value") == "scripts/nowhere.py"
    assert "nowhere.py" in wrong.told(".//*[@id='node']//*[@role='alert']")
    page = tim.send(wrong, "/script", typed="scripts/other.py")
    assert page.status == 200
    assert "scripts/other.py" in page.told(".//*[@id='node']")


def test_a_node_is_marked_external_and_internal_again(counter, tim):
    """Its outputs are lines; a line that is none is told, and comes again."""
    page = tim.get("/sessions/demo?node=clean")
    wrong = tim.send(page, "/external", outputs="clean_orders")
    assert wrong.status == 422
    assert wrong.field("outputs").text == "clean_orders"
    page = tim.send(wrong, "/external", outputs="clean_orders=data/orders.csv")
    assert "stands for something outside" in tim.get("/sessions/demo?node=clean").told(
        ".//*[@id='node']"
    )
    page = tim.send(tim.get("/sessions/demo?node=clean"), "/internal")
    assert page.status == 200
    assert not counter.application.sessions.open("demo").state.nodes["clean"].external


def test_all_answers_of_a_node_are_taken_back(counter, tim):
    """It is as it was found."""
    counter.session.configure("report", top(3))
    page = tim.send(tim.get("/sessions/demo?node=report"), "/clear")
    assert page.status == 200
    assert counter.application.sessions.open("demo").waits("report")
