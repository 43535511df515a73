"""Conclusions from the marks of dead workers."""

from dataclasses import replace
from pathlib import Path

import pytest

from helpers.bench import job
from livereduce.daemon.facts import DaemonState, Ending, Outgrown
from livereduce.daemon.worker.suspects import (
    MAX_BY_SCRIPTS,
    MAX_SKIPPED,
    PIECES,
    SCRIPT_STAGES,
    Suspects,
    for_scripts,
    judge,
    note_death,
    note_end,
    read_suspects,
)
from livereduce.messages.marks import Mark, Marker, MarkStage, Suspect

WHY, SCRIPTS = "the worker was killed by SIGSEGV", "abc none"
OURS = sorted(set(MarkStage) - SCRIPT_STAGES - {MarkStage.NOTHING})


def mark(stage: MarkStage, from_ns: int = 10, to_ns: int = 20, **more: int) -> Mark:
    return Mark(stage=stage, run=5, from_ns=from_ns, to_ns=to_ns, **more)


def after(*marks: Mark | None, scripts: str = SCRIPTS) -> Suspects:
    suspects: Suspects = ()
    for one in marks:
        suspects = judge(suspects, one, WHY, scripts)
    return suspects


def skipped(suspects: Suspects) -> list[tuple[int, int]]:
    return [(one.from_ns, one.to_ns) for one in suspects if one.skip]


@pytest.mark.parametrize("stage", OURS)
def test_the_second_death_in_a_row_on_the_same_data_has_them_left_out(stage: MarkStage) -> None:
    assert [one.skip for one in after(mark(stage))] == [False]
    assert skipped(after(mark(stage), mark(stage))) == [(10, 20)]
    assert skipped(after(mark(stage), mark(stage, 15, 30))) == [(15, 30)], "they overlap"


@pytest.mark.parametrize("stage", list(MarkStage)[1:])
def test_other_data_or_none_are_another_story(stage: MarkStage) -> None:
    one = mark(stage, passed=3)
    for between in (None, mark(stage, 30, 40, passed=3), replace(one, stage=MarkStage(OURS[stage == OURS[0]]))):
        assert skipped(after(one, between, one)) == []
    if stage is not MarkStage.DECODE:
        assert skipped(after(one, replace(one, run=6))) == []


def test_a_suspicious_piece_of_the_stream_costs_one_packet() -> None:
    packet = mark(MarkStage.DECODE, 17, 17, packet=1 << 32 | 7)
    (one,) = after(mark(MarkStage.DECODE), packet)
    assert (one.skip, one.packet, one.from_ns) == (True, packet.packet, 17)
    assert skipped(after(packet, replace(packet, packet=1 << 32 | 8))) == [], "another packet of the same time"


@pytest.mark.parametrize("stage", sorted(SCRIPT_STAGES))
def test_a_script_that_dies_on_everything_costs_no_data(stage: MarkStage) -> None:
    suspects = after(*[mark(stage, 10, 20 + k) for k in range(20)])
    assert skipped(suspects) == []
    suspects = after(*[mark(stage)] * 20)
    assert [(one.skip, one.pieces) for one in suspects] == [(False, PIECES)]


@pytest.mark.parametrize("stage", sorted(SCRIPT_STAGES))
def test_a_script_that_dies_on_one_chunk_costs_that_chunk(stage: MarkStage) -> None:
    assert skipped(after(mark(stage, passed=4), mark(stage, passed=2))) == [(10, 20)]
    assert skipped(after(mark(stage), mark(stage), mark(stage, 12, 13, passed=1))) == [(12, 13)], "a piece of it"


def test_a_script_costs_a_few_chunks_at_most() -> None:
    marks = [mark(MarkStage.PROC, 100 * k, 100 * k + 9, passed=k + 1) for k in range(20) for _ in range(2)]
    assert len(skipped(after(*marks))) == MAX_BY_SCRIPTS


def test_other_scripts_are_given_the_data_again() -> None:
    dead = mark(MarkStage.PROC, passed=4)
    suspects = after(dead, dead)
    assert for_scripts(suspects, SCRIPTS) == suspects
    assert for_scripts(suspects, "other none") == ()
    assert skipped(judge(after(dead), dead, WHY, "other none")) == []
    ours = after(mark(MarkStage.INTAKE), mark(MarkStage.INTAKE))
    assert for_scripts(ours, "other none") == ours


def test_what_is_remembered_is_bounded() -> None:
    marks = [mark(MarkStage.INTAKE, 100 * k, 100 * k + 9) for k in range(50) for _ in range(2)]
    assert skipped(after(*marks)) == [(100 * k, 100 * k + 9) for k in range(50)][-MAX_SKIPPED:]


def test_it_is_kept_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        note_death(tmp_path, mark(MarkStage.INTAKE), WHY, SCRIPTS)
    assert read_suspects(tmp_path) == (
        Suspect(stage=MarkStage.INTAKE, run=5, from_ns=10, to_ns=20, scripts=SCRIPTS, why=WHY, skip=True),
    )
    assert "run 5 is incomplete: the data of 1990" in caplog.text
    note_death(tmp_path, None, WHY, SCRIPTS)
    assert len(read_suspects(tmp_path)) == 1


@pytest.mark.parametrize("by_events", [True, False])
def test_a_run_that_is_too_large_is_no_fault_of_the_data_in_hand(tmp_path: Path, by_events: bool) -> None:
    made = job(tmp_path)
    made.mark.parent.mkdir(parents=True)
    Marker(made.mark).data(MarkStage.POST_PROC, 5, 10, 20)
    ended = Outgrown(reason="replacing the worker: 1.0 GB of 900 MB", at_once=True, by_events=by_events)
    note_end(made, DaemonState(ending=Ending.FAIL, outgrown=ended), -9, "")
    assert bool(read_suspects(tmp_path)) is not by_events


@pytest.mark.parametrize("text", ["", "[]", "{}", "[1]", '[{"stage": "x"}]', '[{"stage": "cut", "colour": 1}]', "\0"])
def test_a_file_that_cannot_be_used_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "suspects.json").write_text(text)
    assert read_suspects(tmp_path) == ()


def test_a_full_disk_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    note_death(tmp_path / "gone", mark(MarkStage.INTAKE), WHY, SCRIPTS)
    assert "cannot save which data" in caplog.text
