"""Promoted scripts that fail are taken back by a process of its own, and what became of it is said."""

from pathlib import Path

import pytest

from livereduce.daemon.orders.errands import Errands
from livereduce.daemon.ready import ready_fds
from livereduce.daemon.shadow.proving import Proving
from livereduce.messages.progress import Progress, TotalProgress
from livereduce.scripting.files import md5_of
from livereduce.scripting.promotion import Promotion, PromotionState, carry_out, newest

FAILED = Progress(total=TotalProgress(filled_chunks=3, failed_chunks=3), last_errors={"proc": "line 3"})
NAME = "reduce_PG3_live_proc.py"


@pytest.mark.parametrize("edited", [False, True])
def test_scripts_that_fail_are_taken_back_as_soon_as_nothing_else_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, edited: bool
) -> None:
    script, new = tmp_path / NAME, b"new = 1\n"
    script.write_text("old = 1\n")
    carry_out({NAME: new}, tmp_path, Promotion(at="2026-11-30", who="me", source="/x", before={}, after={}))
    errands = Errands()
    proving, other = Proving(errands), errands.start("something else", lambda: "")
    proving.adopt(tmp_path, {str(script): md5_of(new)}, 0)
    proving.look(FAILED, 0)
    while other.outcome is None:
        ready_fds(errands.watched, 5.0)
        errands.gather()
    assert script.read_bytes() == new
    if edited:
        script.write_text("mine = 1\n")
    proving.look(FAILED, 0)
    while errands.are_busy:
        ready_fds(errands.watched, 5.0)
        errands.gather()
    proving.look(FAILED, 0)
    proving.look(FAILED, 0)
    kept = newest(tmp_path)
    assert kept is not None
    assert (kept.promotion.state is PromotionState.TAKEN_BACK, script.read_text()) == (
        not edited,
        "mine = 1\n" if edited else "old = 1\n",
    )
    failed = "are not taken back: " if edited else ": those before them are back"
    assert caplog.text.count(f"the promoted scripts fail (line 3){' and ' if edited else ''}{failed}") == 1
