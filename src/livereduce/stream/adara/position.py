"""A position in an ADARA stream as text: ``RUN:NANOSECONDS`` of the last pulse read, 0 where there was none."""

import re

from livereduce.base.errors import OperatorError
from livereduce.stream.items import Position

_TOKEN = re.compile("([0-9]+):([0-9]+)")


def position_after(*, run: int, pulse_ns: int) -> Position:
    """The position after a pulse of a run."""
    return Position(f"{run}:{pulse_ns}")


def run_and_pulse(position: Position) -> tuple[int, int]:
    """Run and time of the pulse that a position follows.

    Raises
    ------
    OperatorError
        The position is not one of an ADARA stream.
    """
    match = _TOKEN.fullmatch(position.token)
    if match is None:
        raise OperatorError(f"position {position.token!r}: expected RUN:NANOSECONDS, a position of an ADARA stream")
    return int(match[1]), int(match[2])
