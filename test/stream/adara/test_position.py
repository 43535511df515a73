"""A position is text that only its source reads."""

import dataclasses

import pytest

from livereduce.base.errors import OperatorError
from livereduce.stream.adara.position import position_after, run_and_pulse
from livereduce.stream.items import Position
from livereduce.stream.sources import source_of


def test_nothing_of_a_source_can_be_read_off_a_position() -> None:
    assert [field.name for field in dataclasses.fields(Position)] == ["token"]


@pytest.mark.parametrize(("run", "pulse_ns"), [(0, 0), (101, 1_164_261_668_936_926_787)])
def test_its_source_reads_what_it_wrote(run: int, pulse_ns: int) -> None:
    assert run_and_pulse(position_after(run=run, pulse_ns=pulse_ns)) == (run, pulse_ns)


@pytest.mark.parametrize("token", ["", "5", "5:", ":5", "-1:5", "partition 3 offset 7", "1:2:3", "1:2\n"])
def test_a_position_of_another_source_is_refused(token: str) -> None:
    with pytest.raises(OperatorError, match="expected RUN:NANOSECONDS"):
        source_of("adara://localhost:1").open(Position(token))
