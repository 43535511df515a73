"""Data that workers die on: the daemon's conclusions from their marks, kept across its own restarts.

`judge` decides. A first death makes the data in hand a suspect: the next worker handles them apart, the decoder packet
by packet, chunks cut at their edges. After a second death in a row on the same data they are left out for good, which
is reported. A script that dies on any data must not cost all data. So for the stages of scripts only a chunk is left
out, only if other chunks of the run went through, and only while the same scripts are in use. The first chunk of a run
is cut into pieces instead until one of them is to blame.
"""

import json
import logging
from dataclasses import asdict, replace
from pathlib import Path

from livereduce.base.errors import ExitCode
from livereduce.base.fields import checked
from livereduce.base.files import read_regular, replace_file
from livereduce.daemon.facts import DaemonState, Ending
from livereduce.daemon.policy import why_killed
from livereduce.messages.job import Job
from livereduce.messages.marks import Mark, MarkStage, Suspect, iso_utc, read_mark

FILE_NAME = "suspects.json"
MAX_BYTES = 1 << 20
SCRIPT_STAGES = frozenset({MarkStage.PROC, MarkStage.POST_PROC, MarkStage.PUBLISH})
"""Stages in which the script may be to blame, not the data: its code runs, or its result is written."""
RECEIVERS_STAGES = frozenset({MarkStage.DECODE})
"""Stages in the receiver, where there is one; all others are the worker's."""
ALL_STAGES = frozenset(MarkStage)
MAX_SKIPPED = 32
"""Most suspects remembered; the oldest is forgotten."""
MAX_BY_SCRIPTS = 8
"""Most chunks of one run that are left out because scripts died on them; beyond that, somebody must fix the script."""
PIECES = 8
"""Number of chunks that the first chunk of a run is cut into, and each of them again, until one is to blame."""
NO_DEATHS = frozenset({ExitCode.OK, ExitCode.PARENT_GONE, ExitCode.RECYCLED, ExitCode.UNUSABLE})
"""Exit codes that say nothing about the data that the worker had in hand."""

log = logging.getLogger("livereduce.daemon")

Suspects = tuple[Suspect, ...]


def judge(known: Suspects, mark: Mark | None, why: str, scripts: str) -> Suspects:
    """Return the suspects after a death.

    Parameters
    ----------
    mark
        The data that the worker had in hand; None if nothing.
    why
        How it ended.
    scripts
        The md5s of its scripts.
    """
    skipped = tuple(one for one in known if one.skip)
    if mark is None:
        return skipped
    fresh = Suspect(
        stage=mark.stage,
        run=mark.run,
        from_ns=mark.from_ns,
        to_ns=mark.to_ns,
        packet=mark.packet,
        packet_ns=mark.packet_ns,
        scripts=scripts,
        why=why,
    )
    before = next((one for one in known if not one.skip and _again(one, fresh)), None)
    if before is None:
        return (*skipped, fresh)
    if mark.stage in SCRIPT_STAGES:
        if not mark.passed:
            return (*skipped, replace(fresh, pieces=PIECES))
        if sum(one.stage in SCRIPT_STAGES and one.run == mark.run for one in skipped) >= MAX_BY_SCRIPTS:
            return (*skipped, fresh)
    return (*skipped, replace(fresh, skip=True))[-MAX_SKIPPED:]


def _again(before: Suspect, now: Suspect) -> bool:
    """True if a worker died on the same data in the same stage."""
    if before.stage is not now.stage:
        return False
    if before.run != now.run and now.stage is not MarkStage.DECODE:  # decoding comes before the run is known
        return False
    if now.stage in SCRIPT_STAGES:  # the very same chunk, or a piece of it
        return before.scripts == now.scripts and before.from_ns <= now.from_ns and now.to_ns <= before.to_ns
    if before.packet and now.packet:
        return before.packet == now.packet
    return before.from_ns <= now.to_ns and now.from_ns <= before.to_ns


def for_scripts(suspects: Suspects, scripts: str) -> Suspects:
    """The suspects that matter with these scripts: others may cope with the same data."""
    return tuple(one for one in suspects if one.stage not in SCRIPT_STAGES or one.scripts == scripts)


def read_suspects(state_dir: Path) -> Suspects:
    """Read the suspects of a state directory; none if they cannot be read."""
    try:
        found = json.loads(read_regular(state_dir / FILE_NAME, MAX_BYTES, follow_link=False))
        return tuple(checked(Suspect, one) for one in found)
    except (OSError, ValueError, TypeError, RecursionError):
        return ()


def note_end(job: Job | None, state: DaemonState, code: int, why: str) -> None:
    """Draw conclusions from a worker's end about the data that it had in hand, if these may be to blame."""
    outgrown = state.outgrown if state.ending else None
    if outgrown and outgrown.at_once and outgrown.by_events:  # any data would have been one too many
        return
    if job and code not in NO_DEATHS and state.ending in (None, Ending.FAIL):
        why = why_killed(state) if state.ending else why
        stages = ALL_STAGES - RECEIVERS_STAGES if state.receiving else ALL_STAGES
        note_death(Path(job.state_dir), read_mark(job.mark), why, job.script_md5s, stages=stages)


def note_death(
    state_dir: Path,
    mark: Mark | None,
    why: str,
    scripts: str = "",
    *,
    stages: frozenset[MarkStage] = ALL_STAGES,
    who: str = "the worker",
) -> None:
    """Judge a death; store and log the conclusion.

    Parameters
    ----------
    stages
        Those of the process that has died: the suspects of other stages stay as they are.
    """
    known = read_suspects(state_dir)
    suspects = judge(tuple(one for one in known if one.stage in stages), mark, why, scripts)
    if mark is not None:
        log.error("%s died %s", who, _in_words(mark))
    for one in suspects:
        if one.skip and one not in known:
            log.error("run %d is incomplete: %s", one.run, one.reason)
    suspects = (*(one for one in known if one.stage not in stages), *suspects)
    if set(suspects) == set(known):
        return
    try:
        replace_file(state_dir / FILE_NAME, json.dumps([asdict(one) for one in suspects], indent=1).encode())
    except OSError as error:
        log.warning("cannot save which data %s died on: %s", who, error)


def _in_words(mark: Mark) -> str:
    where = f"in {mark.stage}" if mark.stage in SCRIPT_STAGES else f"while handling new data ({mark.stage})"
    if mark.packet:
        return f"{where}, run {mark.run}, on one packet; the next worker tries it again on its own"
    pulses = f"pulses from {iso_utc(mark.from_ns)} to {iso_utc(mark.to_ns)}"
    return f"{where}, run {mark.run}, on the {pulses}; the next worker tries them again, apart from all others"
