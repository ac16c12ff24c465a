"""What events do to runs and attempts."""

from runthrough.core.events import (
    EventEnvelope,
    RunStarted,
    ScriptExecuted,
)
from runthrough.core.evolve.nodes import enter, node_of
from runthrough.core.lifecycle import Phase
from runthrough.core.state import (
    LastAttempt,
    PassedAttempt,
    RunState,
    SessionState,
)
from runthrough.core.values.ids import NodeName


def run_started(state: SessionState, envelope: EventEnvelope, event: RunStarted) -> None:
    """A run is on."""
    state.phase = Phase.RUNNING
    state.run = RunState(
        run=event.run,
        plan=event.plan,
        holder=event.holder,
        actor=envelope.metadata.actor,
        started_at=envelope.metadata.recorded_at,
        runner=event.runner,
        reuse=event.reuse,
        sagemaker=event.sagemaker,
    )


def through(state: SessionState, node: NodeName, outcome: str) -> None:
    """The run is through with a node."""
    if state.run is not None:
        state.run.outcomes[node] = outcome


def executed(state: SessionState, envelope: EventEnvelope, event: ScriptExecuted) -> None:
    """An attempt has ended."""
    at = envelope.metadata.recorded_at
    claimed = node_of(state, event.node).running
    node = enter(state, event.node, "execute")
    node.running = None
    fingerprint = claimed.fingerprint if claimed else ()
    node.last = LastAttempt(
        run=event.run,
        attempt=event.attempt,
        outcome=event.outcome,
        at=at,
        duration_s=event.duration_s,
        exit_code=event.exit_code,
        signal=event.signal,
        peak_rss_bytes=event.peak_rss_bytes,
        error=event.error,
        log=event.log.stderr if event.log else None,
        fingerprint=fingerprint,
    )
    if event.outcome == "passed":
        node.misfits = ()
        node.passed = PassedAttempt(
            run=event.run,
            attempt=event.attempt,
            at=at,
            fingerprint=fingerprint,
            outputs={output.name: output.path for output in event.outputs},
            digests={output.name: output.digest for output in event.outputs},
        )
    through(state, event.node, event.outcome)
