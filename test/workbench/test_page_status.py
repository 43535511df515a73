"""What the page is told of attempts: a snapshot that it takes for that of a service that is up."""

import os
from datetime import datetime
from pathlib import Path

from helpers.trying import options, tried_folder
from livereduce.commands.trying.setup import Setup
from livereduce.messages.progress import Progress
from livereduce.messages.status import FILE_NAME, StateWord, holder_beside, is_down, read_status
from livereduce.workbench.attempts.attempt import Attempted
from livereduce.workbench.attempts.step_costs import StepCosts
from livereduce.workbench.page_status import present, status_of, tell


def test_a_failed_attempt_is_degraded_and_somebody_is_there(tmp_path: Path) -> None:
    tried_folder(tmp_path)
    setup = Setup(options(tmp_path), tmp_path / "attempts")
    resolved, now = setup.tried("state").resolved, datetime.now().astimezone()
    setup.leave()
    goes_on = status_of(resolved, now, now, Progress(), None)
    assert (goes_on.state, goes_on.pid) == (StateWord.RUNNING, os.getpid())
    assert goes_on.proc is not None
    over = Attempted(job=None, progress=None, costs=StepCosts(), seconds=0.0, died="proc crashed")  # type: ignore[arg-type]
    status = status_of(resolved, now, now, None, over)
    assert (status.state, status.problems) == (StateWord.DEGRADED, ("proc crashed",))
    assert status.products_dir == str(tmp_path / "attempts" / "state" / "products")
    problem = "x.py:1: '(' was never closed"
    waits = status_of(resolved, now, now, Progress(), None, (problem,))
    assert (waits.state, waits.problems) == (StateWord.DEGRADED, (problem,))
    assert waits.why == f"livereduce try: waiting for the next save: {problem}"
    with present(resolved.runtime_dir, tmp_path / "livereduce.conf"):
        tell(resolved.runtime_dir, status)
        read = read_status(resolved.runtime_dir / FILE_NAME)
        assert is_down(read, now, holder_beside(resolved.runtime_dir / FILE_NAME)) == ""
    assert is_down(read, now, holder_beside(resolved.runtime_dir / FILE_NAME)) != ""
