"""Secrets looked up when a script starts."""

from runthrough.adapters.secrets import EnvironmentSecrets


def test_a_secret_is_the_variable_of_its_name():
    """A secret's value is that of the environment variable now, or nobody knows it."""
    environ = {"API": "s3cr3t"}
    secrets = EnvironmentSecrets(environ)
    assert secrets.resolve("API") == "s3cr3t"
    assert secrets.resolve("OTHER") is None
    environ["OTHER"] = "late"
    assert secrets.resolve("OTHER") == "late"


def test_the_resolver_shows_nothing_of_what_it_holds():
    """No secret appears where the resolver is printed."""
    assert repr(EnvironmentSecrets({"API": "s3cr3t"})) == "EnvironmentSecrets()"
