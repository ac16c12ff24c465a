"""Which connections are taken without asking, and what a person is asked instead."""

import pytest
from tests.support.builders import need

from runthrough.core.values.connections import Connection, Output, ProposedConnection
from runthrough.core.wiring import Producer, Wiring, wire


def out(name, *files, **more):
    return need(name, "output", files=files, **more)


def reads(name, *files, **more):
    return need(name, files=files, **more)


def optional(name, *files, **more):
    return need(name, level="optional", files=files, **more)


def producer(node, *outputs, **more):
    return Producer(node, outputs, **more)


def wired(inputs, *producers, node="Consume", **more):
    return wire(node, inputs=inputs, producers=producers, **more)


def taken(wiring):
    return {connection.input: str(connection.source) for connection in wiring.connections}


def asked(wiring):
    return {proposal.input: str(proposal.source) for proposal in wiring.proposals}


def test_strong_evidence_with_a_clear_margin_is_taken():
    """Own evidence of 1.5, and 1.0 less without it."""
    wiring = wired([reads("model", "ranker.pkl")], producer("Fit", out("fitted", "ranker.pkl")))
    assert wiring == Wiring(
        connections=(
            Connection(
                "Consume",
                "model",
                Output("Fit", "fitted"),
                "accepted",
                2.0,
                "file names ranker.pkl",
                margin=3.5,
            ),
        )
    )


def test_weak_evidence_is_asked_about():
    """Similar words alone are below 1.5, and two inputs are open."""
    wiring = wired(
        [reads("click_model"), reads("other_thing")],
        producer("Fit", out("model_dir"), out("curve")),
    )
    assert taken(wiring) == {}
    assert asked(wiring) == {"click_model": "Fit.model_dir", "other_thing": "Fit.curve"}


def test_a_small_margin_is_asked_about():
    """The second best would do nearly as well."""
    wiring = wired(
        [reads("model", "model.pkl", "spec.json")],
        producer("One", out("x1", "model.pkl", "spec.json")),
        producer("Two", out("x2", "model.pkl")),
    )
    assert taken(wiring) == {}
    (proposal,) = wiring.proposals
    assert (str(proposal.source), proposal.margin) == ("One.x1", 0.5)
    assert str(proposal.runner_up) == "Two.x2"


def test_two_edges_that_offer_the_same_leave_it_open():
    """Equal names are not enough; the first as given is proposed, with no margin."""
    wiring = wired([reads("data")], producer("North", out("data")), producer("South", out("data")))
    assert wiring.connections == ()
    assert wiring.proposals == (
        ProposedConnection(
            "Consume",
            "data",
            Output("North", "data"),
            3.0,
            0.0,
            "equal names: data",
            runner_up=Output("South", "data"),
        ),
    )


def test_two_inputs_that_want_the_same_output_leave_both_open():
    """An output is given once, and both are asked about."""
    wiring = wired(
        [reads("scores_a", "scores.csv"), reads("scores_b", "scores.csv")],
        producer("Score", out("scores", "scores.csv")),
    )
    assert taken(wiring) == {}
    assert asked(wiring) == {"scores_a": "Score.scores", "scores_b": "Score.scores"}


def test_the_best_of_all_inputs_together_is_taken():
    """What another input needs more is left to it, which no look at one input shows."""
    rows = reads("rows", "rows.csv", "spec.json")
    keep = producer("Keep", out("kept", "rows.csv"))
    make = producer("Make", out("made", "rows.csv", "spec.json"))
    assert asked(wired([rows], keep, make)) == {"rows": "Make.made"}
    both = wired([rows, reads("made_spec", "spec.json")], keep, make)
    assert taken(both) == {"made_spec": "Make.made"}
    assert asked(both) == {"rows": "Keep.kept"}


def test_what_is_not_the_best_for_its_input_is_asked_about():
    """The assignment leaves an input the second best, and a person may want it otherwise."""
    wiring = wired(
        [reads("rows", "rows.csv"), reads("made", "rows.csv")],
        producer("Keep", out("kept", "rows.csv")),
        producer("Make", out("made_rows", "rows.csv")),
    )
    assert "rows" not in taken(wiring)


def test_contradicting_files_forbid_equal_names():
    """The proposal says what is against it."""
    wiring = wired([reads("rows", "rows.csv")], producer("Make", out("rows", "model.pkl")))
    assert taken(wiring) == {}
    (proposal,) = wiring.proposals
    assert proposal.reason == ("equal names: rows; but no file that is read is written there")
    assert not proposal.outside


def test_strong_evidence_between_names_that_disagree_is_asked_about():
    """A common file name and the producer's name are evidence, and `log` is another thing."""
    wiring = wired(
        [reads("fit_params", "config.json")],
        producer("Fit", out("log", "config.json")),
        producer("Other", out("thing")),
    )
    assert taken(wiring) == {}
    assert asked(wiring) == {"fit_params": "Fit.log"}


def test_things_that_look_alike_are_asked_about():
    """A baseline has the same files, and comes from elsewhere."""
    make = producer("Make", out("rows", "rows.csv"))
    assert taken(wired([reads("rows", "rows.csv")], make)) == {"rows": "Make.rows"}
    wiring = wired([reads("baseline_rows", "rows.csv")], make)
    assert taken(wiring) == {}
    (proposal,) = wiring.proposals
    assert proposal.reason.endswith("; but only one side speaks of baseline")
    assert taken(wired([reads("last_files")], producer("Make", out("last_files_old")))) == {}


def test_the_sub_folder_is_part_of_a_connection():
    """The input reads at its root what the output has below one folder."""
    wiring = wired(
        [reads("rows", "train.csv")], producer("Split", out("x1", "train/train.csv", "val/v1.csv"))
    )
    assert taken(wiring) == {"rows": "Split.x1/train"}


def test_an_open_sub_folder_is_a_proposal_with_choices():
    """However strong the evidence is."""
    wiring = wired(
        [reads("rows", "rows.csv")], producer("Split", out("rows", "a/rows.csv", "b/rows.csv"))
    )
    assert wiring.connections == ()
    (proposal,) = wiring.proposals
    assert (str(proposal.source), proposal.subpath_choices) == ("Split.rows/a", ("a", "b"))
    assert proposal.reason.endswith("; but which sub-folder is open")


def test_two_sub_folders_of_one_output_feed_two_inputs():
    """What each input may take once is an output or a part of it."""
    wiring = wired(
        [reads("train", "rows.csv"), reads("validation", "rows.csv")],
        producer("Split", out("rows", "train/rows.csv", "validation/rows.csv")),
    )
    assert taken(wiring) == {"train": "Split.rows/train", "validation": "Split.rows/validation"}


def test_the_only_one_left_is_taken_when_names_do_not_disagree():
    """One required input, one edge, one output, and nothing that one name says alone."""
    wiring = wired([reads("src")], producer("Tickets", out("tickets")), node="CleanTickets")
    assert taken(wiring) == {"src": "Tickets.tickets"}
    (connection,) = wiring.connections
    assert connection.reason == "only output left on the edge from Tickets"
    assert (connection.score, connection.margin) == (0.0, 0.0)


def test_the_only_one_left_is_asked_about_when_names_disagree():
    """An edge may order only, and the input come from outside."""
    wiring = wired([reads("weather")], producer("Billing", out("invoices")))
    assert wiring.connections == ()
    assert wiring.proposals == (
        ProposedConnection(
            "Consume",
            "weather",
            Output("Billing", "invoices"),
            0.0,
            0.0,
            "nothing but the edge speaks for it",
            outside=True,
        ),
    )


def test_what_strong_evidence_took_leaves_one():
    """Two inputs and two edges, and one of them is sure."""
    wiring = wired(
        [reads("data_input"), reads("risk_tables")],
        producer("Prepare", out("processed_data")),
        producer("Map", out("risk_tables"), out("data_output")),
    )
    assert taken(wiring) == {
        "data_input": "Prepare.processed_data",
        "risk_tables": "Map.risk_tables",
    }


def test_two_outputs_leave_none():
    """Which of them is meant is a question, unless files rule all others out."""
    two = producer("Make", out("data_a", "rows.csv"), out("data_b", "model.pkl"))
    assert taken(wired([reads("input_path")], two)) == {}
    assert taken(wired([reads("data_input", "*.csv")], two)) == {}
    assert taken(wired([reads("data_input")], producer("Make", out("data"), out("log")))) == {}
    two = producer("Make", out("result", "rows.csv"), out("data", "model.pkl"))
    assert taken(wired([reads("data_input", "*.csv")], two)) == {"data_input": "Make.result"}


def test_several_are_left_one_to_one():
    """As many edges as inputs, and each name agrees with one of them alone."""
    producers = (producer("Crm", out("crm_extract")), producer("Erp", out("erp_dump")))
    assert taken(wired([reads("crm_files"), reads("erp_files")], *producers)) == {
        "crm_files": "Crm.crm_extract",
        "erp_files": "Erp.erp_dump",
    }
    assert taken(wired([reads("crm_files"), reads("left_files")], *producers)) == {}
    assert taken(wired([reads("files_a"), reads("files_b")], *producers)) == {}
    assert taken(wired([reads("crm_files"), reads("crm_table")], *producers)) == {}


def test_several_are_left_only_where_each_fits_one_alone_and_something_speaks_for_it():
    """What could come over two edges, or fits by silence alone, is asked about."""
    crm, erp = producer("Crm", out("crm_dump", "a.csv")), producer("Erp", out("erp_dump", "b.csv"))
    erp_only = reads("erp_files")
    assert len(taken(wired([reads("src", "*.csv"), erp_only], crm, erp, node="UseCrm"))) == 2
    assert taken(wired([reads("src", "*.csv"), erp_only], crm, erp, node="UseCrmErp")) == {}
    assert taken(wired([reads("src"), erp_only], crm, erp, node="UseCrm")) == {}


def test_an_edge_too_many_leaves_none():
    """One of them orders only, or the names of the other are not known."""
    wiring = wired([reads("data_input")], producer("Make", out("data")), producer("Check"))
    assert (taken(wiring), asked(wiring)) == ({}, {"data_input": "Make.data"})


def test_an_optional_input_that_wants_it_more_leaves_none():
    """The only output left may be meant for it."""
    make = producer("Make", out("prices", "day.csv"))
    assert taken(wired([reads("input_path")], make)) == {}
    assert taken(wired([reads("input_path")], make, node="UsePrices")) != {}
    make = producer("Make", out("price_dump", "day.csv"))
    assert taken(wired([reads("input_path")], make, node="UsePrice")) != {}
    wiring = wired([reads("input_path"), optional("price_list", "*.csv")], make, node="UsePrice")
    assert taken(wiring) == {}


def test_a_better_output_elsewhere_leaves_none():
    """What is left is not taken while an edge that carries already offers something better."""
    wiring = wired(
        [reads("model", "model.pkl"), reads("rows", "rows.csv")],
        producer("Fit", out("model", "model.pkl"), out("rows", "a/rows.csv", "b/rows.csv")),
        producer("Make", out("data")),
    )
    assert taken(wiring) == {"model": "Fit.model"}
    assert asked(wiring) == {"rows": "Fit.rows/a"}


def test_an_optional_input_takes_part_with_own_evidence_only():
    """From 1.0 on; below it is left open without a question."""
    make = producer("Make", out("prices", "day.csv"))
    assert taken(wired([optional("prices", "day.csv")], make)) == {"prices": "Make.prices"}
    wiring = wired([optional("price_of_energy_today")], make)
    assert wiring == Wiring()


def test_an_optional_input_that_an_edge_waits_for_is_expected():
    """The best taker of an edge that would carry nothing is asked for like a required one."""
    make = producer("Make", out("price_list", "day.csv"))
    inputs = [optional("price_today", "*.csv"), optional("price", "*.csv")]
    wiring = wired(inputs, make)
    assert {p.input: p.expected for p in wiring.proposals} == {"price": True}
    fixed = {"other": Output("Make", "another")}
    wiring = wired([*inputs, reads("other")], make, fixed=fixed)
    assert {p.input: p.expected for p in wiring.proposals} == {"price": False}


def test_one_of_two_takers_of_an_edge_is_expected():
    """The one with more evidence; the other stays as optional as it was."""
    make = producer("Make", out("price_list", "a.csv"), out("stock_list", "b.csv"))
    wiring = wired([optional("price_x1", "*.csv"), optional("stock", "*.csv")], make)
    assert {p.input: p.expected for p in wiring.proposals} == {"price_x1": False, "stock": True}


def test_an_unread_input_or_output_is_left_alone():
    """Nothing would take it, or nothing would come."""
    assert wired([need("rows", level="unread")], producer("Make", out("rows"))) == Wiring()
    assert wired([need("rows")], producer("Make", out("rows", level="unread"))) == Wiring()


def test_a_node_without_predecessors_or_inputs_has_nothing_to_wire():
    """Its inputs come from outside."""
    assert wired([need("rows")]) == wired([], producer("Make", out("rows"))) == Wiring()


@pytest.mark.parametrize("name", ["rows", "ROWS"])
def test_a_settled_input_is_left_alone(name):
    """Under any of its names, by a path or by an output."""
    rows = need("rows", aliases=("ROWS",))
    make = producer("Make", out("rows"))
    assert wired([rows], make, fixed={name: None}) == Wiring()
    assert wired([rows], make, fixed={name: Output("Make", "rows")}) == Wiring()


def test_an_output_that_feeds_a_settled_input_is_used_up():
    """Whole or in part; another part of it is free."""
    rows = reads("val", "rows.csv")
    make = producer("Make", out("rows", "train/rows.csv", "val/rows.csv"))
    assert taken(wired([rows], make)) == {"val": "Make.rows/val"}
    for subpath in (None, "val"):
        fixed = {"first": Output("Make", "rows", subpath)}
        assert wired([need("first"), rows], make, fixed=fixed) == Wiring()
    fixed = {"first": Output("Make", "rows", "train")}
    assert taken(wired([need("first"), rows], make, fixed=fixed)) == {"val": "Make.rows/val"}


def test_an_edge_that_carries_something_is_not_waiting():
    """So what is left is not sure to come over it."""
    make = producer("Make", out("data"))
    fixed = {"first": Output("Make", "other")}
    inputs = [need("first"), need("data_input")]
    assert taken(wired(inputs, make, fixed={"first": None})) == {"data_input": "Make.data"}
    assert taken(wired(inputs, make, fixed=fixed)) == {}


@pytest.mark.parametrize("name", ["rows", "ROWS"])
def test_a_rejected_pair_does_not_come_back(name):
    """Neither taken nor proposed, under any name of the input and with any sub-folder."""
    rows = reads("rows", "rows.csv", aliases=("ROWS",))
    make = producer("Make", out("rows", "a/rows.csv"), out("rest"))
    rejected = {(name, Output("Make", "rows"))}
    wiring = wired([rows], make, rejected=rejected)
    assert (taken(wiring), asked(wiring)) == ({}, {"rows": "Make.rest"})


def test_a_rejected_output_does_not_make_another_the_only_one():
    """Who rejected one of two has not chosen the other."""
    make = producer("Make", out("data"), out("data_old"))
    rejected = [("data_input", Output("Make", "data_old"))]
    assert taken(wired([reads("data_input")], make, rejected=rejected)) == {}


def test_a_free_output_is_proposed_once():
    """Where nothing speaks for anything, each open input gets one of its own."""
    wiring = wired(
        [reads("aa1"), reads("bb1"), reads("cc1")],
        producer("One", out("xx1")),
        producer("Two", out("yy1")),
    )
    assert asked(wiring) == {"aa1": "One.xx1", "bb1": "Two.yy1"}
    assert all(proposal.outside for proposal in wiring.proposals)


@pytest.mark.parametrize(
    ("name", "output"),
    [
        ("test_data", "train_rows"),
        ("holdout", "training_rows"),
        ("evaluation_data", "train_rows"),
        ("val_data", "train_rows"),
        ("train_data", "holdout_rows"),
        ("training", "eval_rows"),
    ],
)
def test_what_is_trained_on_is_never_proposed_for_what_is_held_back(name, output):
    """Nor the other way round, although the same files speak for it and nothing else is there."""
    assert wired([reads(name, "part.csv")], producer("Split", out(output, "part.csv"))) == Wiring()


def test_a_name_that_says_both_parts_or_none_speaks_against_nothing():
    """`train_test` is not the opposite of `test`."""
    for output in ("train_test_rows", "rows"):
        wiring = wired(
            [reads("test_data", "part.csv")], producer("Split", out(output, "part.csv"))
        )
        assert {**asked(wiring), **taken(wiring)} == {"test_data": f"Split.{output}"}


@pytest.mark.parametrize(
    ("name", "folders", "source", "choices"),
    [
        ("test_data", ("train", "holdout"), "Split.rows/holdout", ()),
        ("training_data", ("holdout", "train"), "Split.rows/train", ()),
        ("test_data", ("train", "val"), "Split.rows/val", ("val", "train")),
        ("evaluation", ("train", "x", "dev"), "Split.rows/dev", ("dev", "x", "train")),
        ("data", ("train", "holdout"), "Split.rows/train", ("train", "holdout")),
    ],
)
def test_words_of_a_part_choose_its_sub_folder_and_speak_against_the_opposite(
    name, folders, source, choices
):
    """The one of the same part is proposed; else a person chooses, the opposite one last."""
    files = [f"{folder}/part.csv" for folder in folders]
    (proposal,) = wired(
        [reads(name, "part.csv")], producer("Split", out("rows", *files))
    ).proposals
    assert (str(proposal.source), proposal.subpath_choices) == (source, choices)


def test_a_sub_folder_that_only_names_tell_is_not_taken_without_asking():
    """What the names say is told as the doubt that it is."""
    files = ("train/part.csv", "holdout/part.csv")
    wiring = wired([reads("test_data", "part.csv")], producer("Split", out("rows", *files)))
    assert not wiring.connections
    assert (
        wiring.proposals[0].reason == "file names part.csv; but only names tell holdout from train"
    )


def test_a_contradicted_output_is_no_free_output():
    """A file that is not there is no proposal."""
    wiring = wired([reads("aa1", "rows.csv")], producer("One", out("xx1", "model.pkl")))
    assert wiring == Wiring()


def test_a_taken_output_is_not_proposed_to_another_input():
    """It is given once."""
    make = producer("Make", out("rows", "rows.csv"))
    wiring = wired([reads("rows", "rows.csv"), reads("other", "rows.csv")], make)
    assert (taken(wiring), asked(wiring)) == ({"rows": "Make.rows"}, {})


def test_a_free_output_of_an_edge_that_carries_nothing_comes_first():
    """Somebody drew that edge for something."""
    wiring = wired(
        [reads("model", "model.pkl"), reads("aa1")],
        producer("One", out("model", "model.pkl"), out("xx1")),
        producer("Two", out("yy1")),
    )
    assert asked(wiring) == {"aa1": "Two.yy1"}


def test_a_free_output_whose_name_does_not_disagree_comes_first():
    """Of two for which nothing speaks."""
    wiring = wired([reads("input_path")], producer("One", out("invoices"), out("result")))
    assert asked(wiring) == {"input_path": "One.result"}
