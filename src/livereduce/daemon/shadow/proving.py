"""Watch scripts that were promoted until they have proved themselves; take them back if they fail (`trial.py`)."""

import logging
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from livereduce.base.errors import OperatorError
from livereduce.daemon.orders.errands import Errand, Errands, Outcome
from livereduce.daemon.shadow.trial import CHUNKS, TrialSight, TrialVerdict, judge_trial
from livereduce.messages.progress import Progress
from livereduce.scripting.promotion import NONE, KeptPromotion, PromotionState, newest, prove, take_back

log = logging.getLogger("livereduce.daemon")


class Proving:
    """The promotion whose scripts the worker runs, as long as they have not proved themselves."""

    def __init__(self, errands: Errands) -> None:
        self._errands = errands
        self._taking_back: tuple[Errand, str] | None = None
        self._kept: KeptPromotion | None = None
        self._script_dir = Path()
        self._restarts = 0

    def adopt(self, script_dir: Path, files: Mapping[str, str], restarts: int) -> None:
        """Call this when a worker was started.

        Parameters
        ----------
        files
            The md5 of each file that it runs, by path.
        restarts
            Workers that have ended unasked so far.
        """
        kept = newest(script_dir)
        if kept is None or not _is_on_trial(kept, script_dir, files):
            self._kept = None
        elif self._kept is None or self._kept.folder != kept.folder:
            self._kept, self._script_dir, self._restarts = kept, script_dir, restarts
            log.info("the scripts promoted by %s are on trial: %d chunks with events", kept.promotion.who, CHUNKS)

    def look(self, progress: Progress | None, restarts: int) -> None:
        """Judge them, and take them back if they have failed."""
        self._tell()
        kept = self._kept
        if kept is None:
            return
        total = progress.total if progress else None
        sight = TrialSight(
            filled=total.filled_chunks if total else 0,
            failed=total.failed_chunks if total else 0,
            ended=restarts - self._restarts,
        )
        match judge_trial(sight):
            case TrialVerdict.PROVED:
                self._kept = None
                _prove(kept)
            case TrialVerdict.FAILED:
                if self._errands.are_busy:
                    return  # the next look is soon enough
                self._kept = None
                errors = progress.last_errors if progress else {}
                self._take_back(kept, errors.get("proc") or errors.get("post_proc") or "the worker ended")

    def _take_back(self, kept: KeptPromotion, why: str) -> None:
        work = partial(_taken_back, kept, self._script_dir, why)
        try:
            errand = self._errands.start(f"take back the promoted scripts in {self._script_dir}", work)
        except OperatorError as error:
            errand = Errand("", Outcome(False, str(error)))
        self._taking_back = errand, why

    def _tell(self) -> None:
        """Log how the last taking back has ended, once it has."""
        if self._taking_back is None or (outcome := self._taking_back[0].outcome) is None:
            return
        (_, why), self._taking_back = self._taking_back, None
        if outcome.done:
            log.warning("the promoted scripts fail (%s): %s", why, outcome.text)
            return
        log.error("the promoted scripts fail (%s) and are not taken back: %s", why, outcome.text)
        log.error("whoever may write to %s can do it: livereduce promote --undo", self._script_dir)


def _is_on_trial(kept: KeptPromotion, script_dir: Path, files: Mapping[str, str]) -> bool:
    """The worker runs what was promoted, and nobody has judged it yet."""
    promotion = kept.promotion
    return promotion.state is PromotionState.NEW and all(
        files.get(str(script_dir / name), NONE) == md5 for name, md5 in promotion.after.items()
    )


def _prove(kept: KeptPromotion) -> None:
    try:
        prove(kept)
    except OperatorError as error:
        log.info("the promoted scripts work, which cannot be noted: %s", error)
    else:
        log.info("the promoted scripts work")


def _taken_back(kept: KeptPromotion, script_dir: Path, why: str) -> str:
    """In a process of its own."""
    unnoted = take_back(kept, script_dir, why).unnoted
    return f"those before them are back{f'; {unnoted}' if unnoted else ''}"
