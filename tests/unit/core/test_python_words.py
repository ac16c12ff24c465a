"""Commands that hints tell, as a program without a session would follow them."""

import pytest

from runthrough.core.validation.words import command, word
from runthrough.core.views.python_words import in_python

CONFIGURE = {
    f"--env {word('A B')}=VALUE": "give environ_vars={'A B': VALUE} in the specification",
    "--env API_TOKEN=@secret:NAME": (
        "give environ_vars={'API_TOKEN': {'secret': 'NAME'}} in the specification"
    ),
    "--arg depth=VALUE": "give job_args={'depth': VALUE} in the specification",
    "--input data=/d/x": "give input_paths={'data': '/d/x'} in the specification",
    "--output out=PATH": "give output_paths={'out': PATH} in the specification",
    "--timeout 60": "give timeout_s=60 in the specification",
    "--limit memory=2048MiB": ("give more memory in limits of the specification, such as 2048MiB"),
}


@pytest.mark.parametrize("options", CONFIGURE)
def test_what_would_be_configured_is_given_in_the_specification(options):
    """Wherever the command stands in the text, whatever needs quotes in it."""
    for node in ("Train", "my node"):
        told = f"did you mean x? Else {command('configure', node, options=options)}; or not"
        assert in_python(told) == f"did you mean x? Else {CONFIGURE[options]}; or not"


def test_other_commands_have_their_counterparts():
    """Connections, requirements, and a run of one node."""
    assert in_python(command("connect", "A.out/train", "B.data")) == (
        "give connections={'data': Output('A', 'out', 'train')} in the specification of B"
    )
    assert in_python(command("connect", "A.out", "B.data")).count("Output('A', 'out')") == 1
    assert in_python(f"see: {command('requirements', 'A')}").endswith("from_node('A')")
    assert in_python(f"alone ({command('run', 'A', options='--jobs 1')})") == "alone (jobs=1)"


def test_texts_at_any_depth_are_changed_and_nothing_else():
    """Other texts, numbers and keys stay as they are."""
    given = {"runthrough run A --jobs 1": [1, None, "plain", "runthrough run A --jobs 1"]}
    assert in_python(given) == {"runthrough run A --jobs 1": [1, None, "plain", "jobs=1"]}
