"""A receiver at its limit: what it gives up, and when it waits."""

from pathlib import Path

import numpy as np
import pytest

from helpers.limited import EVENTS, RUN_S, SEGMENT_BYTES, Here, first_events, limited, play, read_and_consume
from helpers.served import Clock, serving
from livereduce.stream.items import Item, Position


def test_what_is_consumed_is_given_up_and_a_worker_that_comes_later_has_the_run_received_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with limited(tmp_path, monkeypatch) as here:
        first = here.reader()
        whole = first_events(read_and_consume(first))
        while here.receiver._store.holding.from_start:  # it is given up before the next read of the stream
            first.read(0.1)
            first.report(first.position(), Position("0"))
        assert here.receiver._store.held_bytes < 50 * SEGMENT_BYTES
        assert first.state().connects == 1
        second = here.reader()
        np.testing.assert_array_equal(first_events(read_and_consume(second)), whole)
        first.close()
        second.close()


def test_it_waits_if_nothing_can_be_given_up_and_goes_on_when_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with limited(tmp_path, monkeypatch) as here:
        keeps = here.reader()
        items: list[Item] = []
        while here.receiver._full_since is None:
            items += keeps.read(0.1)
        while found := keeps.read(0.2):
            items += found
        held = first_events(items)
        assert len(held) < EVENTS
        keeps.close()
        counts = here.reader()
        np.testing.assert_array_equal(first_events(read_and_consume(counts))[: len(held)], held)
        assert counts.state().connects == 1
        counts.close()


def test_without_a_limit_being_reached_nothing_is_given_up(tmp_path: Path) -> None:
    clock = Clock()
    with serving(play(), speed=1.0, clock=clock) as url:
        clock.now_s = 0.9 * RUN_S
        here = Here(url, tmp_path, 1 << 40)
        try:
            reader, again = here.reader(), here.reader()
            np.testing.assert_array_equal(first_events(read_and_consume(reader)), first_events(read_and_consume(again)))
            assert here.receiver._store.holding.from_start
            reader.close()
            again.close()
        finally:
            here.close()
