"""Room for a spare."""

import pytest

from livereduce.daemon.memory.policy import TRIM_PERCENT
from livereduce.daemon.memory.spare import ROOM_PERCENT, SPARE_BYTES, has_room

LIMIT = 10 * SPARE_BYTES


@pytest.mark.parametrize(
    ("limit", "used", "room"),
    [
        pytest.param(LIMIT, 7 * SPARE_BYTES - 1, True, id="it fits"),
        pytest.param(LIMIT, 7 * SPARE_BYTES, False, id="it would come too near"),
        pytest.param(LIMIT, None, False, id="not measured yet"),
        pytest.param(None, None, False, id="nothing was started yet"),
    ],
)
def test_a_spare_stands_by_where_memory_allows(limit: int | None, used: int | None, room: bool) -> None:
    assert has_room(limit, used) is room


def test_it_is_not_started_to_be_given_up_at_once() -> None:
    assert ROOM_PERCENT < TRIM_PERCENT
