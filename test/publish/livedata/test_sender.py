import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from helpers.live_data_server import LiveDataServer, live_data_server
from livereduce.config.livedata import Publication
from livereduce.publish.livedata import schedule
from livereduce.publish.livedata import sender as sender_module
from livereduce.publish.livedata.sender import PlotUploader
from livereduce.publish.product import Axis, Product, PublishedFigure

PATIENCE_S = 50.0


@pytest.fixture(autouse=True)
def _without_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("BETWEEN_S", 0.0), ("FIRST_WAIT_S", 0.0), ("LONGEST_WAIT_S", 0.0)):
        monkeypatch.setattr(schedule, name, value)
    monkeypatch.setattr(sender_module, "LOOK_S", 0.01)


@pytest.fixture
def server() -> Iterator[LiveDataServer]:
    with live_data_server() as running:
        yield running


def product(number: int, run: int = 7, name: str = "result") -> Product:
    axis = Axis(name="tof", values=np.arange(3.0), units="µs")
    return Product(
        pipeline="live", run=run, name=name, signal=np.array([number, 2.0]), axes=(axis,), title=f"no. {number}"
    )


def offer(sender: PlotUploader, product: Product) -> None:
    sender.seen(product.run, time.time())
    sender.offer(product)


class Desk:
    """What was handed in to be sent; the first call waits until it is let go."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, str]] = []
        self.changed = threading.Condition()
        self.go = threading.Event()

    def send(self, publication: Publication, instrument: str, run: int, div: str, timeout_s: float) -> None:
        with self.changed:
            self.sent.append((run, div))
            self.changed.notify_all()
        assert self.go.wait(PATIENCE_S)

    def wait_for(self, n: int) -> list[tuple[int, str]]:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.sent) >= n, PATIENCE_S), self.sent
            return list(self.sent)


def test_results_that_come_meanwhile_are_one_upload_and_the_newest_run_is_first(
    server: LiveDataServer, tmp_path: Path
) -> None:
    desk = Desk()
    sender = PlotUploader(server.configuration(tmp_path), "POWDER", send=desk.send)
    offer(sender, product(1))
    desk.wait_for(1)
    for number in (2, 3, 4):
        offer(sender, product(number))
    offer(sender, product(5, run=8))
    desk.go.set()
    sent = desk.wait_for(3)
    sender.close()
    assert [run for run, _ in sent] == [7, 8, 7]
    assert ["no. 1" in sent[0][1], "no. 5" in sent[1][1], "no. 4" in sent[2][1]] == [True] * 3
    assert len(desk.sent) == 3


def test_products_of_one_run_go_together(server: LiveDataServer, tmp_path: Path) -> None:
    desk = Desk()
    desk.go.set()
    sender = PlotUploader(server.configuration(tmp_path), "POWDER", send=desk.send)
    sender.seen(7, 0.0)
    sender.offer(product(1, name="a"))
    sender.offer(product(2, name="b"))
    sender.seen(7, time.time())
    ((_, div),) = desk.wait_for(1)
    sender.close()
    assert ("no. 1" in div, "no. 2" in div) == (True, True)


def test_a_plot_of_a_run_that_is_not_seen_to_go_on_is_not_sent(server: LiveDataServer, tmp_path: Path) -> None:
    desk = Desk()
    desk.go.set()
    sender = PlotUploader(server.configuration(tmp_path), "POWDER", send=desk.send)
    sender.seen(7, time.time() - schedule.FRESH_S - 1)
    sender.offer(product(1))
    sender.offer(product(2, run=0))
    offer(sender, product(3, run=8))  # when this has been sent, the others have had their turn
    desk.wait_for(1)
    sender.close()
    assert [run for run, _ in desk.sent] == [8]


def test_what_fails_is_said_and_tried_again(
    server: LiveDataServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    server.mode = "failing"
    sender = PlotUploader(server.configuration(tmp_path), "POWDER")
    offer(sender, product(1))
    server.wait_for(3)
    assert "HTTP status 500" in sender.problem
    server.mode = "well"
    with server.changed:
        assert server.changed.wait_for(lambda: server.plots, PATIENCE_S)
    kind, div = server.plots["powder", 7]
    assert (kind, "no. 1" in div) == ("html", True)
    _wait_until_well(sender)
    sender.close()
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def _wait_for_problem(sender: PlotUploader, text: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while text not in sender.problem:
        assert time.monotonic() < deadline, sender.problem
        time.sleep(0.01)


def _wait_until_well(sender: PlotUploader) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while sender.problem:
        assert time.monotonic() < deadline, sender.problem
        time.sleep(0.01)


def test_a_configuration_that_is_mended_is_taken(server: LiveDataServer, tmp_path: Path) -> None:
    path = server.configuration(tmp_path, publisher_password="wrong")
    sender = PlotUploader(path, "POWDER")
    offer(sender, product(1))
    server.wait_for(1)
    path.write_text("{")
    _wait_for_problem(sender, "not valid JSON")
    server.configuration(tmp_path)
    with server.changed:
        assert server.changed.wait_for(lambda: server.plots, PATIENCE_S)
    _wait_until_well(sender)
    sender.close()


def test_a_result_that_cannot_be_drawn_is_said(server: LiveDataServer, tmp_path: Path) -> None:
    sender = PlotUploader(server.configuration(tmp_path), "POWDER")
    broken = Product(pipeline="live", run=7, name="result", signal=np.zeros((2, 2, 2)), axes=())
    offer(sender, broken)
    _wait_for_problem(sender, "the plot of run 7: IndexError")
    offer(sender, product(1))
    _wait_until_well(sender)
    sender.close()
    assert server.plots["powder", 7][0] == "html"


def test_a_server_that_hangs_keeps_nobody(server: LiveDataServer, tmp_path: Path) -> None:
    server.mode = "hanging"
    sender = PlotUploader(server.configuration(tmp_path), "POWDER")
    offer(sender, product(1))
    server.wait_for(1)
    for number in range(100):
        offer(sender, product(number))
    sender.close()
    assert not server.released.is_set()
    assert sender._thread is not None
    assert sender._thread.daemon
    server.released.set()
    sender._thread.join(PATIENCE_S)
    assert not sender._thread.is_alive()
    assert len(server.uploads) == 1


def test_a_scripts_figure_is_sent_in_place_of_the_result_until_a_cycle_without_one(
    server: LiveDataServer, tmp_path: Path
) -> None:
    desk = Desk()
    desk.go.set()
    sender = PlotUploader(server.configuration(tmp_path), "POWDER", send=desk.send)
    sender.seen(7, time.time())
    sender.offer_figure(PublishedFigure(run=7, text="<p>mine</p>"))
    assert desk.wait_for(1) == [(7, "<div><p>mine</p></div>")]
    offer(sender, product(2))
    (_, (run, div)) = desk.wait_for(2)
    assert (run, "no. 2" in div, "mine" in div) == (7, True, False)
    sender.close()


def test_a_figure_of_a_run_that_is_not_going_on_is_never_sent(server: LiveDataServer, tmp_path: Path) -> None:
    desk = Desk()
    desk.go.set()
    sender = PlotUploader(server.configuration(tmp_path), "POWDER", send=desk.send)
    sender.seen(7, time.time())
    for run in (5, 0):
        sender.offer_figure(PublishedFigure(run=run, text="<p>late</p>"))
    offer(sender, product(1))
    assert [run for run, _ in desk.wait_for(1)] == [7]
    sender.seen(7, time.time() + 1)
    sender.close()
    assert len(desk.sent) == 1


def test_products_of_scripts_are_below_the_result_or_the_figure(tmp_path: Path) -> None:
    sender = PlotUploader(tmp_path / "absent.conf", "PG3")
    sender.offer(product(1))
    sender.offer_beside(product(2, name="map"))
    body = sender._plots[7].body("PG3")
    assert 0 < body.index("livereduce-PG3-7-result") < body.index("livereduce-PG3-7-map")
    sender.offer_figure(PublishedFigure(run=7, text="<p>drawn</p>"))
    assert sender._plots[7].body("PG3") == "<div><p>drawn</p></div>"
    sender.offer_beside(product(3, name="map"))
    body = sender._plots[7].body("PG3")
    assert body.startswith("<div><div><p>drawn</p></div><div>")
    assert ("PG3-7-map" in body, "PG3-7-result" in body) == (True, False)
    sender.offer_figure(PublishedFigure(run=7, text='{"data": []}'))
    sender.offer_beside(product(4, name="map"))
    assert sender._plots[7].body("PG3") == '{"data": []}', "JSON cannot be put beside HTML"
    sender.close()
