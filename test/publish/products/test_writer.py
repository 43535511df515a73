"""Writes that wait for the disk, with a manual clock and a disk that fails on demand."""

import os
from collections.abc import Callable

import numpy as np
import pytest

from livereduce.publish.failures import Failures
from livereduce.publish.product import Product
from livereduce.publish.products import waiting
from livereduce.publish.products.writer import RETRY_S, Writer


def product(run: int, events: int = 1, name: str = "result") -> Product:
    return Product(pipeline="live", run=run, name=name, signal=np.zeros(1000), axes=(), attributes={"events": events})


class Disk:
    """Products in memory; each call raises what `error` is."""

    def __init__(self) -> None:
        self.error: Callable[[], Exception] | None = None
        self.done: list[tuple[object, ...]] = []
        self.tries = 0
        self.notes: tuple[str, ...] = ()

    def _call(self, *what: object) -> None:
        self.tries += 1
        if self.error:
            raise self.error()
        self.done.append(what)

    def publish(self, product: Product) -> None:
        self._call("publish", product.run, product.name, product.attributes["events"])

    def figure(self, run: int, html: str) -> None:
        self._call("figure", run, html)

    def in_run(self, run: int, *, joined: bool) -> None:
        self._call("in_run", run, joined)

    def ended(self, run: int, incomplete: str = "") -> None:
        self._call("ended", run, incomplete)


class Bench:
    def __init__(self) -> None:
        self.now = 0.0
        self.disk = Disk()
        self.failures = Failures(lambda: self.now)
        self.writer = Writer(self.disk, self.failures, lambda: self.now)


def full() -> Exception:
    return OSError(28, "No space left on device")


def test_the_last_result_of_a_run_waits_while_the_next_run_goes_on() -> None:
    made = Bench()
    made.disk.error = full
    assert not made.writer.publish(product(7, 10))
    assert not made.writer.publish(product(7, 20))
    made.writer.ended(7)
    made.now += 1
    assert not made.writer.publish(product(8, 1))
    assert "No space left on device" in made.failures.now["publish"]
    made.disk.error = None
    made.now += RETRY_S
    made.writer.look()
    assert made.disk.done == [("publish", 7, "result", 20), ("publish", 8, "result", 1), ("ended", 7, "")]
    assert made.failures.now == {}


def test_it_is_not_tried_all_the_time() -> None:
    made = Bench()
    made.disk.error = full
    made.writer.publish(product(7))
    made.writer.ended(7)
    tries = made.disk.tries
    for _ in range(100):
        made.writer.look()
    assert made.disk.tries == tries
    made.now += RETRY_S
    made.writer.look()
    assert made.disk.tries == tries + 1


@pytest.mark.parametrize(
    "error",
    [
        *(OSError(number, os.strerror(number)) for number in (2, 5, 13, 20, 28, 30, 116, 122)),
        OSError("from a library, without a number"),
        RuntimeError("what h5py says when a disk is full on closing"),
        MemoryError(),
    ],
    ids=repr,
)
def test_whatever_the_disk_answers_is_tried_again(error: Exception) -> None:
    made = Bench()
    made.disk.error = lambda: error
    made.writer.in_run(7, 1)
    made.writer.publish(product(7))
    made.writer.ended(7)
    made.writer.look()
    assert set(made.failures.now) == {"publish", "index"}
    made.disk.error = None
    made.now += RETRY_S
    made.writer.look()
    assert made.disk.done == [("in_run", 7, True), ("publish", 7, "result", 1), ("ended", 7, "")]
    assert made.failures.now == {}


def test_an_end_that_cannot_be_written_is_tried_again() -> None:
    made = Bench()
    assert made.writer.publish(product(7))
    made.disk.error = lambda: PermissionError(13, "Permission denied")
    made.writer.ended(7, "its last result holds 1 of 2 events")
    assert "Permission denied" in made.failures.now["index"]
    made.disk.error = None
    made.now += RETRY_S
    made.writer.look()
    assert made.disk.done[-1] == ("ended", 7, "its last result holds 1 of 2 events")
    assert made.failures.now == {}


def test_what_is_no_product_is_given_up_and_the_run_says_so() -> None:
    made = Bench()
    made.writer.publish(product(7, 10))
    made.disk.error = lambda: ValueError("no axes")
    assert not made.writer.publish(product(7, 20))
    made.disk.error = None
    made.writer.ended(7)
    assert made.disk.done[-1] == ("ended", 7, "its last result cannot be written: no axes")
    assert made.writer.publish(product(7, 30))
    made.writer.ended(7)
    assert made.disk.done[-1] == ("ended", 7, "")


def test_what_waits_is_bounded_and_a_run_that_was_dropped_says_so() -> None:
    made = Bench()
    made.disk.error = full
    for run in range(1, waiting.MAX_WAITING + 3):
        made.writer.publish(product(run))
        made.writer.ended(run)
    made.disk.error = None
    made.now += RETRY_S
    made.writer.look()
    published = [what[1] for what in made.disk.done if what[0] == "publish"]
    assert published == list(range(3, waiting.MAX_WAITING + 3))
    lacks = {what[1]: what[2] for what in made.disk.done if what[0] == "ended"}
    assert [lacks[1], lacks[2], lacks[3]] == [waiting.DROPPED, waiting.DROPPED, ""]


def test_the_memory_of_what_waits_is_bounded() -> None:
    state = waiting.WaitingWrites()
    large = np.zeros(waiting.MAX_BYTES // 8 // 2)
    for run in range(1, 6):
        one = Product(pipeline="live", run=run, name="result", signal=large, axes=())
        state = waiting.add_product(state, one)
    assert [one.run for one in state.products] == [4, 5]


def test_a_run_is_told_once_a_connection_and_again_when_that_failed() -> None:
    made = Bench()
    made.disk.error = full
    made.writer.in_run(0, 1)
    made.disk.error = None
    made.writer.look()
    assert made.disk.done == []
    made.now += RETRY_S
    made.writer.look()
    for run, connection in ((0, 1), (7, 1), (7, 1), (0, 1), (8, 1), (8, 2), (9, 2), (0, 3), (11, 3)):
        made.writer.in_run(run, connection)
    assert made.disk.done == [
        ("in_run", 0, True),  # nothing was reading before, and which run it was is still to be said
        ("in_run", 7, True),
        ("in_run", 0, False),
        ("in_run", 8, False),
        ("in_run", 8, True),
        ("in_run", 9, False),
        ("in_run", 0, True),
        ("in_run", 11, True),
    ]


def test_a_last_try_is_made_on_leaving() -> None:
    made = Bench()
    made.disk.error = full
    made.writer.publish(product(7))
    made.disk.error = None
    made.writer.close()
    assert made.disk.done == [("publish", 7, "result", 1)]
