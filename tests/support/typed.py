"""The command line as it is built: its verbs, and the options of each."""

import typer.main

from runthrough.entrypoints.cli.app import app

SHARED = {"--session", "--json", "--as", "--database", "--no-input", "--help", "-h"}
_ROOT = typer.main.get_command(app)


def verbs_of():
    """All commands, and groups of them."""
    return set(_ROOT.commands)


def options_of(verb):
    """A command's own options, each with what follows it; of a group those of all its commands."""
    found = _ROOT.commands[verb]
    told = {}
    for one in getattr(found, "commands", {verb: found}).values():
        for parameter in one.params:
            if parameter.param_type_name == "option" and not SHARED & set(parameter.opts):
                follows = "flag" if parameter.is_flag else "value"
                told |= dict.fromkeys(parameter.opts, follows)
    return told
