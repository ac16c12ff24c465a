"""The command line: one module a family of commands.

Nothing heavy is imported before a command runs, so that `runthrough --help` stays cheap.
"""
