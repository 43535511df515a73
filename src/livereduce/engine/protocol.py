"""The protocol of both engines; coarse, because Mantid has its own loop."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from livereduce.messages.beat import Phase
from livereduce.messages.job import Job, ScriptCopy
from livereduce.messages.progress import Progress
from livereduce.scripting.parameters.asking import Parameters

if TYPE_CHECKING:  # a worker is light until it knows its engine
    from livereduce.publish.provenance import Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """One way from chunks to a result; a configuration makes one, the code holds a tuple.

    Attributes
    ----------
    skip_empty
        Scripts are spared chunks without events.
    keep_events, counted_run
        See `livereduce.messages.job.Job`: whether the memory allows what `preserve_events` wants.
    parameters
        What the scripts may ask for.
    origin
        What all of its results have in common; None: they are published without a provenance.
    """

    name: str
    proc: ScriptCopy | None
    post_proc: ScriptCopy | None
    method: str
    preserve_events: bool
    update_every_s: float
    accumulation_name: str = "accumulation"
    result_name: str = "result"
    skip_empty: bool = False
    keep_events: bool = True
    counted_run: int | None = None
    parameters: Parameters = field(default_factory=Parameters)
    origin: "Origin | None" = None


class Tell(Protocol):
    """Sends a beat at a change of phase, before the phase is entered: it may never return."""

    def __call__(self, phase: Phase, progress: Progress | None = None) -> None:
        """The phase that begins, or still lasts, and everything done so far; None: no news since the last call."""


class Engine(Protocol):
    """Reduces a stream according to a job until told to stop. Made by a `MakeEngine`, and running from then on."""

    def poll(self, timeout_s: float) -> Progress:
        """Do what is due, waiting at most `timeout_s` for data; return a snapshot of everything done so far."""

    def stop(self, deadline_s: float) -> None:
        """Finish the step, publish what is pending, release everything; take at most `deadline_s`.

        0: what is pending is left to the next worker.
        """


class MakeEngine(Protocol):
    """The class of an engine."""

    def __call__(self, job: Job, tell: Tell) -> Engine:
        """Make an engine that is complete; it calls `tell` at each change of phase.

        Raises
        ------
        OperatorError
            The job cannot be done here: the worker exits with 78.
        """
