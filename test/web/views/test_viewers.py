"""When the viewer of an instrument is started, asked and ended, with a process that is none."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from helpers.fabricated import Fabricated
from livereduce.messages.views import FindingsQuestion, KeepRegions, LogsQuestion, Question, ViewerJob
from livereduce.preflight.resolve import DEFAULT_TOF_BINS_US
from livereduce.preflight.viewing import ViewerEnded, ViewRefused
from livereduce.web.views import viewers as room
from livereduce.web.views.viewers import InstrumentViewer, Viewable, Viewers, job_for


class FakeProcess:
    """Answers, or does what it is told to."""

    def __init__(self, job: ViewerJob, refusal: ViewRefused | None) -> None:
        self.job, self.refusal, self.has_ended = job, refusal, False

    def ask(self, question: Question) -> bytes:
        if self.refusal is not None:
            self.has_ended = isinstance(self.refusal, ViewerEnded)
            raise self.refusal
        return b"{}" if isinstance(question, KeepRegions) else json.dumps({"findings": []}).encode()

    def kill(self) -> None:
        self.has_ended = True

    end = kill


class Started:
    """All that were started; `refusal` is what the next ones say."""

    def __init__(self) -> None:
        self.processes: list[FakeProcess] = []
        self.refusal: ViewRefused | None = None

    def begin(self, folders: Sequence[Path], job: ViewerJob, who: str) -> FakeProcess:
        self.processes.append(FakeProcess(job, self.refusal))
        return self.processes[-1]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    found = Started()
    monkeypatch.setattr(room, "ViewerProcess", found)
    return found


@pytest.fixture
def viewable(tmp_path: Path) -> Viewable:
    powder = Fabricated(tmp_path / "powder", "POWDER")
    return Viewable(folder=tmp_path, status=powder.status, regions=())


def with_viewer(work: Callable[[Viewers], Any]) -> None:
    async def run() -> None:
        viewers = Viewers()
        try:
            await work(viewers)
        finally:
            await viewers.close()

    asyncio.run(run())


def viewer_of(viewers: Viewers) -> InstrumentViewer:
    (found,) = viewers._viewers.values()
    return found


def test_one_whose_last_question_was_refused_is_ended_when_nobody_looks(started: Started, viewable: Viewable) -> None:
    started.refusal = ViewRefused(404, "there is no such log")

    async def work(viewers: Viewers) -> None:
        with pytest.raises(ViewRefused):
            await viewers.ask("powder", LogsQuestion(), viewable)
        leaving = viewer_of(viewers)._leaving
        assert leaving is not None
        assert not leaving.cancelled()
        viewer_of(viewers)._leave()
        assert started.processes[0].has_ended

    with_viewer(work)


def test_closing_it_while_it_is_asked_leaves_no_timer(started: Started, viewable: Viewable) -> None:
    async def work(viewers: Viewers) -> None:
        asking = asyncio.create_task(viewers.ask("powder", LogsQuestion(), viewable))
        await asyncio.sleep(0)
        await viewers.close()
        await asyncio.gather(asking, return_exceptions=True)
        assert viewer_of(viewers)._leaving is None

    with_viewer(work)


def test_why_it_has_ended_is_said_also_while_the_next_one_waits(started: Started, viewable: Viewable) -> None:
    started.refusal = ViewerEnded(409, "the run cannot be read along: too many readers")

    async def work(viewers: Viewers) -> None:
        for question in (LogsQuestion(), FindingsQuestion()):
            with pytest.raises(ViewRefused, match=r"has ended \(the run cannot .*: too many readers\); it is"):
                await viewers.ask("powder", question, viewable)
        assert len(started.processes) == 1

    with_viewer(work)


def test_a_new_generation_with_other_bins_has_another_viewer(started: Started, viewable: Viewable) -> None:
    conf = Path(viewable.status.configuration)
    body = json.loads(conf.read_text())

    async def work(viewers: Viewers) -> None:
        async def ask(generation: int, question: Question) -> None:
            status = replace(viewable.status, generation=generation)
            await viewers.ask("powder", question, replace(viewable, status=status))

        await ask(3, LogsQuestion())
        await ask(4, FindingsQuestion())
        assert len(started.processes) == 1, "the job is the same"
        conf.write_text(json.dumps(body | {"tof_bins_us": [0.0, 50.0, 1000.0]}))
        viewer_of(viewers)._shared.clear()
        await ask(4, LogsQuestion())
        assert len(started.processes) == 1, "no worker has taken it yet"
        viewer_of(viewers)._shared.clear()
        await ask(5, LogsQuestion())
        first, second = started.processes
        assert (first.has_ended, second.has_ended) == (True, False)
        assert second.job.tof_bins_us == (0.0, 50.0, 1000.0)

    with_viewer(work)


@pytest.mark.parametrize("text", ["{", '{"tof_bins_us": "many"}', None])
def test_bins_that_cannot_be_read_are_said(viewable: Viewable, text: str | None) -> None:
    assert job_for(viewable.status).note == ""
    conf = Path(viewable.status.configuration)
    conf.unlink() if text is None else conf.write_text(text)
    job = job_for(viewable.status)
    assert job.tof_bins_us == DEFAULT_TOF_BINS_US
    assert job.note.startswith("spectra have the bins 0, ")
    assert str(conf) in job.note
