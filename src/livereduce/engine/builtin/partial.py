"""The two steps from chunks to the data of a run: `process` makes a partial result of a chunk, `combine` adds them up.

`process` knows nothing of what is accumulated, and `combine` nothing of streams and scripts: only a `Partial` passes
between them, so that it can be made elsewhere.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from livereduce.engine.builtin.accumulate_groups import MembersAccumulation
from livereduce.engine.builtin.intake import Intake
from livereduce.engine.builtin.script_calls import StepFailed
from livereduce.engine.mantid_api.objects.matrix_workspace import MatrixWorkspace
from livereduce.engine.mantid_api.objects.output import Output
from livereduce.engine.workspaces.runlogs import RunLogs
from livereduce.engine.workspaces.tally import Tally
from livereduce.stream.chunk import Chunk

CHUNK_NAME = "__live_chunk"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Partial:
    """A chunk after proc.

    Attributes
    ----------
    workspace
        The output of proc: a workspace, or a group of some.
    logs
        The logs of the chunk; the next chunk begins with their last values.
    is_whole_run
        The chunk was a snapshot of the run so far: it replaces what came before.
    """

    workspace: Output
    logs: RunLogs
    is_whole_run: bool


def process(
    chunk: Chunk,
    carried: RunLogs,
    tally: Tally,
    *,
    intake: Intake,
    proc: Callable[[MatrixWorkspace], Output | StepFailed],
) -> Partial | StepFailed:
    """Make a workspace of a chunk and run proc on it.

    Parameters
    ----------
    carried
        The last values of the logs before this chunk.
    tally
        Of the chunk.
    proc
        Gives the output of the proc script; without a script, its input.
    """
    workspace = intake.workspace(chunk, tally, CHUNK_NAME, carried)
    logs = workspace.logs.copy()  # what a script adds to its chunk's is not the next one's
    processed = proc(workspace)
    if isinstance(processed, StepFailed):
        return processed
    return Partial(workspace=processed, logs=logs, is_whole_run=chunk.snapshot is not None)


def combine(accumulation: MembersAccumulation, partials: Sequence[Partial]) -> None:
    """Take partial results of one run into an accumulation, oldest first.

    Raises
    ------
    AccumulationError
        One of them does not fit to those before; it has changed nothing.
    """
    for partial in partials:
        if partial.is_whole_run:
            accumulation.replace(partial.workspace)
        else:
            accumulation.add(partial.workspace)
