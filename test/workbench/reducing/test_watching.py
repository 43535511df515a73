"""A task is given up when it hangs or its file is lost; what has failed is said."""

from dataclasses import replace
from pathlib import Path

import pytest

from helpers.reduced import job_of
from livereduce.base.errors import OperatorError
from livereduce.messages.beat import Beat, Phase
from livereduce.messages.job import Job
from livereduce.messages.progress import Progress, RunProgress, SourceProgress, TotalProgress
from livereduce.workbench.reducing.crew import scheduler_address
from livereduce.workbench.reducing.watching import SOURCE_PATIENCE_S, Course, failure_of, give_up, heard

CONNECTED = Progress(source=SourceProgress(connected=True))
LOST = Progress(source=SourceProgress(connected=False, reason="a.nxs cannot be read: Stale file handle"))


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return replace(job_of(tmp_path, "file:///a.nxs"), limits_s={Phase.PROCESS: 5.0})


def beat(phase: Phase, progress: Progress = CONNECTED) -> Beat:
    return Beat(seq=1, phase=phase, progress=progress)


def test_silence_is_allowed_for_as_long_as_the_phase_may_take(job: Job) -> None:
    course = heard(Course(heard_s=0.0), beat(Phase.PROCESS), 10.0)
    assert give_up(course, job, 15.0) == ""
    assert give_up(course, job, 15.1) == "it hangs: process has given no sign of life for 5 s"


def test_a_file_that_stays_away_is_given_up(job: Job) -> None:
    course = Course(heard_s=0.0)
    for now in (1.0, 5.0):
        course = heard(course, beat(Phase.WAITING, LOST), now)
    assert give_up(course, job, 1.0 + SOURCE_PATIENCE_S) == ""
    assert give_up(course, job, 1.1 + SOURCE_PATIENCE_S) == LOST.source.reason
    assert give_up(heard(course, beat(Phase.WAITING), 6.0), job, 2.0 + SOURCE_PATIENCE_S) == ""


@pytest.mark.parametrize(
    ("progress", "has_products", "said"),
    [
        (CONNECTED, True, ""),
        (CONNECTED, False, "it has no result"),
        (replace(CONNECTED, last_errors={"proc": "x: line 3", "index": "y"}), True, "proc: x: line 3"),
        (replace(CONNECTED, total=TotalProgress(script_errors=2)), True, "2 calls of scripts have failed"),
        (replace(CONNECTED, run=RunProgress(incomplete="pulses are missing")), True, "pulses are missing"),
    ],
)
def test_what_has_failed_is_said(progress: Progress, has_products: bool, said: str) -> None:
    assert failure_of(progress, has_products=has_products) == said


@pytest.mark.parametrize(
    "text", ["tls://cluster.ornl.gov:8786", "tcp://127.0.0.1:8786", "tcp://[::1]:1", "tcp://localhost:1"]
)
def test_a_scheduler_may_be_encrypted_or_on_this_host(text: str) -> None:
    assert scheduler_address(text) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tcp://10.0.0.1:8786", "beyond this host is refused"),
        ("tcp://localhost.evil.org:8786", "beyond this host is refused"),
        ("http://localhost:8786", "expected tls://HOST:PORT"),
        ("tls://host", "expected tls://HOST:PORT"),
        ("tls://host:port", "expected tls://HOST:PORT"),
        ("localhost:8786", "expected tls://HOST:PORT"),
    ],
)
def test_any_other_scheduler_is_refused(text: str, said: str) -> None:
    with pytest.raises(OperatorError, match=said):
        scheduler_address(text)
