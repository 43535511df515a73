"""A simulated part of a week, sample after sample, with beam trips: faults of all kinds are named, and little else."""

from collections.abc import Iterator

import pytest

from helpers.faulty_detector import BANKS, TUBE, TUBES, Fault, Week, judge
from livereduce.viewer.findings.facts import DetectorLook, FindingKind, FoundIn


@pytest.mark.parametrize("seed", [1, 2])
def test_faults_of_all_kinds_are_named_within_ten_seconds_of_beam(seed: int) -> None:
    tally = judge(Week(seed, 1200, every=25.0))
    assert tally.faults >= 20
    assert tally.named_share >= 0.95, tally.late
    assert len(tally.false) <= 1, tally.false


def test_without_a_fault_nothing_is_named() -> None:
    assert judge(Week(3, 1500, broken=[])).false == []


def test_every_kind_is_among_the_faults() -> None:
    kinds = {(fault.kind, fault.what) for fault in Week(1, 40_000, every=60.0).faults}
    expected = {(kind, what) for kind in FindingKind for what in FoundIn} - {(FindingKind.SHIFTED, FoundIn.PIXEL)}
    assert kinds == expected


def test_the_judge_sees_what_is_not_named() -> None:
    here = (5 * TUBES * TUBE + 20,)
    nothing = Fault(kind=FindingKind.HOT, what=FoundIn.PIXEL, where=here, begins=150, ends=300, strength=0.0)
    assert judge(Week(4, 200, broken=[nothing])).late == [nothing]


class Secretive(Week):
    """A week whose fault nobody is told of."""

    def play(self) -> Iterator[tuple[int, DetectorLook]]:
        secret, self.faults = self.faults, []
        looks = super().play()
        while True:
            self.faults = secret
            try:
                seen = next(looks)
            except StopIteration:
                return
            self.faults = []
            yield seen


def test_the_judge_sees_what_is_named_in_vain() -> None:
    dead = Fault(
        kind=FindingKind.DEAD, what=FoundIn.BANK, where=(BANKS - 1,), begins=150, ends=300, strength=0.0
    )  # fmt: skip
    assert len(judge(Secretive(4, 200, broken=[dead])).false) == 1
