"""A configuration and facts → every problem at once, each with a fix."""

from runthrough.core.validation.proposal import Neighbour, Proposal
from runthrough.core.validation.rules import errors, problems_of
from runthrough.core.validation.unset_secrets import secrets_of, unset_secrets

__all__ = ["Neighbour", "Proposal", "errors", "problems_of", "secrets_of", "unset_secrets"]
