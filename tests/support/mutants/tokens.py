"""Mutants that keep, list or revoke tokens wrongly."""

from dataclasses import replace
from datetime import timedelta, timezone

from tests.support.mutants.frame import breaks

from runthrough.adapters.store.memory_tokens import MemoryTokenStore


@breaks("unknown_token_is_none")
class AnyTokenWillDo(MemoryTokenStore):
    """Under an id that nobody has another token is found."""

    def find(self, token_id):
        kept = self._database.tables.tokens
        return kept.get(token_id, next(iter(kept.values()), None))


@breaks("token_comes_back_as_it_was")
class ForgetsTheSignIn(MemoryTokenStore):
    """What a token was signed in with is not kept."""

    def add(self, token, *, text_hash):
        super().add(replace(token, parent=None), text_hash=text_hash)


@breaks("token_comes_back_as_it_was")
class SharesOneHash(MemoryTokenStore):
    """The hash that came first is taken for every token's."""

    def find(self, token_id):
        found = super().find(token_id)
        first = next(iter(self._database.tables.tokens.values()), ("", ""))[1]
        return found and (found[0], first)


@breaks("tokens_are_kept_for_each_role", "token_comes_back_as_it_was")
class EverybodyIsAViewer(MemoryTokenStore):
    """Whatever a token's role is, a viewer's is kept."""

    def add(self, token, *, text_hash):
        super().add(replace(token, role="viewer"), text_hash=text_hash)


@breaks("scope_of_no_session_is_not_the_scope_of_all")
class NothingIsEverything(MemoryTokenStore):
    """A token that reaches no session reaches all."""

    def add(self, token, *, text_hash):
        super().add(replace(token, sessions=token.sessions or None), text_hash=text_hash)


@breaks("times_of_tokens_come_back_in_utc")
class ShiftsTheEnd(MemoryTokenStore):
    """The end of a token is told by the clock on another wall."""

    def find(self, token_id):
        found = super().find(token_id)
        there = timezone(timedelta(hours=1))
        ends = found and found[0].expires_at
        return found if not ends else (replace(found[0], expires_at=ends.astimezone(there)), "")


@breaks("token_id_is_not_given_twice")
class LastTokenOfAnIdCounts(MemoryTokenStore):
    """A second token of an id takes the place of the first."""

    def add(self, token, *, text_hash):
        with self._database.writing() as tables:
            tables.tokens[token.token_id] = (token, text_hash)


@breaks("tokens_are_listed_as_they_were_made")
class ListsAsKept(MemoryTokenStore):
    """Tokens are listed in the order in which they came."""

    def tokens(self):
        return tuple(token for token, _ in self._database.tables.tokens.values())


@breaks("tokens_are_listed_as_they_were_made")
class ListsById(MemoryTokenStore):
    """Tokens are listed by their ids."""

    def tokens(self):
        return tuple(sorted(super().tokens(), key=lambda token: token.token_id))


@breaks("revoked_token_tells_when")
class NeverRevokes(MemoryTokenStore):
    """A token that was taken back still lets in."""

    def revoke(self, token_id, *, at):
        return


@breaks("revoked_token_tells_when")
class DropsWhatIsRevoked(MemoryTokenStore):
    """Of a token that was taken back nobody knows any more."""

    def revoke(self, token_id, *, at):
        with self._database.writing() as tables:
            tables.tokens.pop(token_id, None)


@breaks("revoking_again_changes_nothing")
class LastRevokingCounts(MemoryTokenStore):
    """A token that is taken back again was taken back then."""

    def revoke(self, token_id, *, at):
        with self._database.writing() as tables:
            token, text_hash = tables.tokens[token_id]
            tables.tokens[token_id] = (replace(token, revoked_at=at), text_hash)


@breaks("revoking_touches_no_other_token")
class RevokesAllOfAnActor(MemoryTokenStore):
    """With one token all of its actor end."""

    def revoke(self, token_id, *, at):
        actor = self.find(token_id)[0].actor
        for token in self.tokens():
            if token.actor == actor:
                super().revoke(token.token_id, at=at)


@breaks("revoking_an_unknown_token_does_nothing")
class RevokingMakesAToken(MemoryTokenStore):
    """A token that nobody has is kept as one that was taken back."""

    def revoke(self, token_id, *, at):
        if self.find(token_id) is None:
            made = replace(self.tokens()[0], token_id=token_id, revoked_at=at)
            self.add(made, text_hash="")
        else:
            super().revoke(token_id, at=at)


@breaks("sign_ins_that_are_long_over_are_forgotten")
class ForgetsNothing(MemoryTokenStore):
    """Sign-ins pile up."""

    def forget_sign_ins(self, *, ended_before):
        return


@breaks("sign_ins_that_are_long_over_are_forgotten")
class ForgetsEverythingOver(MemoryTokenStore):
    """With the sign-ins that are over, tokens that people made are forgotten too."""

    def forget_sign_ins(self, *, ended_before):
        with self._database.writing() as tables:
            for token_id, (token, _) in list(tables.tokens.items()):
                if token.state_at(ended_before - timedelta(microseconds=1)) != "active":
                    del tables.tokens[token_id]


@breaks("tokens_leave_the_log_alone")
class TellsTheLog(MemoryTokenStore):
    """A new token drops the newest event."""

    def add(self, token, *, text_hash):
        super().add(token, text_hash=text_hash)
        with self._database.writing() as tables:
            del tables.log[-1:]
