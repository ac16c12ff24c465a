"""Secrets looked up when a script starts."""

import subprocess
import sys

import pytest

from runthrough.adapters.secrets import EnvironmentSecrets, LocalSecrets
from runthrough.errors import RunnerUnavailableError

VALUE = "s3cr3t-of-the-keyring"
WITHOUT_KEYRING = """
import sys
sys.modules["keyring"] = None  # as Python has it for a module that is not there
from runthrough.adapters.secrets import LocalSecrets
from runthrough.errors import RunnerUnavailableError
print(LocalSecrets({"API": "here"}).resolve("API"))
try:
    LocalSecrets({}).resolve("API")
except RunnerUnavailableError as error:
    print(error)
"""


def test_a_secret_is_the_variable_of_its_name():
    """A secret's value is that of the environment variable now, or nobody knows it."""
    environ = {"API": "s3cr3t"}
    secrets = EnvironmentSecrets(environ)
    assert secrets.resolve("API") == "s3cr3t"
    assert secrets.resolve("OTHER") is None
    environ["OTHER"] = "late"
    assert secrets.resolve("OTHER") == "late"


@pytest.mark.parametrize("kind", [EnvironmentSecrets, LocalSecrets])
def test_the_resolver_shows_nothing_of_what_it_holds(kind):
    """No secret appears where the resolver is printed."""
    assert repr(kind({"API": "s3cr3t"})) == f"{kind.__name__}()"


def test_the_keyring_is_an_extra():
    """Not installed, only the environment is asked, and the error says how to get it."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_KEYRING], capture_output=True, text=True, check=True
    )
    value, message = done.stdout.splitlines()
    assert value == "here"
    assert message == (
        "The secret API is not set where the scripts run: the environment has none of that "
        "name, and keyring is not installed; export API=…, or "
        "pip install keyring && keyring set runthrough API, then run again"
    )


# With a keyring


@pytest.fixture
def keyring():
    """The library with a keyring of the test's own in it; it is put back afterwards."""
    library = pytest.importorskip("keyring", reason="the extra keyring is not installed")
    before = library.get_keyring()
    library.set_keyring(_held())
    yield library
    library.set_keyring(before)


def _held(answer=None):
    """A backend that holds one secret, or that answers otherwise: with a value or an error."""
    from keyring.backend import KeyringBackend
    from keyring.errors import PasswordSetError

    class Held(KeyringBackend):
        priority = -1  # never chosen by itself, in other tests

        def set_password(self, service, username, password):
            raise PasswordSetError("nothing is kept here")

        def get_password(self, service, username):
            if isinstance(answer, Exception):
                raise answer
            if answer is not None:
                return answer
            return VALUE if (service, username) == ("runthrough", "API") else None

    return Held()


def refusal(name, environ=None):
    with pytest.raises(RunnerUnavailableError) as refused:
        LocalSecrets(environ or {}).resolve(name)
    assert VALUE not in str(refused.value)
    told, _, fix = str(refused.value).partition("; ")
    assert "\n" not in fix
    return told, fix


def test_what_the_environment_has_not_is_in_the_keyring(keyring):
    """The keyring's service is called runthrough, the user name is the secret's name."""
    assert LocalSecrets({}).resolve("API") == VALUE


def test_the_environment_comes_first(keyring):
    """A variable of that name wins, an empty one too."""
    assert LocalSecrets({"API": "here"}).resolve("API") == "here"
    assert LocalSecrets({"API": ""}).resolve("API") == ""


def test_a_secret_that_neither_has_is_told_with_both_ways_to_set_it(keyring):
    """The error names both places, and what to type for each."""
    message, fix = refusal("OTHER")
    assert message == (
        "The secret OTHER is not set where the scripts run: the environment has none of that "
        "name, and the keyring has none under runthrough"
    )
    assert fix == "export OTHER=…, or keyring set runthrough OTHER, then run again"


def test_a_name_that_no_shell_has_is_only_for_the_keyring(keyring):
    """What cannot be exported is not told to be."""
    assert refusal("my api-key")[1] == "keyring set runthrough 'my api-key', then run again"


def test_a_machine_without_a_keyring_is_told(keyring):
    """The library is there and finds none to use: the environment is left."""
    from keyring.backends.fail import Keyring

    keyring.set_keyring(Keyring())
    message, fix = refusal("API")
    assert message.endswith("and this machine has no keyring")
    assert fix == "export API=…, then run again"
    assert refusal("my-key")[1] == "give it another name, then run again"


def test_a_locked_keyring_is_told(keyring):
    """The error says what to do, and shows nothing that the backend said."""
    from keyring.errors import KeyringLocked

    keyring.set_keyring(_held(KeyringLocked(VALUE)))
    message, fix = refusal("API")
    assert message == "The secret API is not set in the environment, and the keyring is locked"
    assert fix == "unlock it, or export API=…, then run again"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (OSError(VALUE), "cannot be read (OSError)"),
        (RuntimeError(VALUE), "cannot be read (RuntimeError)"),
        (VALUE.encode(), "gives a bytes that is no text"),
    ],
)
def test_a_broken_keyring_is_told(keyring, answer, told):
    """Whatever a backend raises or gives is an error of ours, and no value is in its words."""
    keyring.set_keyring(_held(answer))
    message, fix = refusal("API")
    assert message == f"The secret API is not set in the environment, and the keyring {told}"
    assert fix == "see keyring diagnose, or export API=…, then run again"


def test_a_service_says_where_it_runs():
    """Who is told sits elsewhere, and a variable of their own shell would help nobody."""
    with pytest.raises(RunnerUnavailableError) as refused:
        LocalSecrets({}, served_on="rig-7").resolve("API")
    told = str(refused.value)
    assert "set API where the service runs (host rig-7) and start it anew" in told
    assert "export" not in told
