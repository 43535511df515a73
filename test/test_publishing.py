"""Results of a real worker on the facility's live data server, or on one that does badly."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.live_data_server import LiveDataServer, live_data_server
from helpers.reduced import Beamline, beamline_in, environ_of
from helpers.served import powder_play, serving
from livereduce.base.times import NS_PER_S, epics_ns
from livereduce.messages.status import StateWord, Status

pytestmark = pytest.mark.timeout(120)  # for a slow machine that has to compile the kernels first


@pytest.fixture
def beamline(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beamline]:
    folder = tmp_path / "beamline"
    folder.mkdir()
    with beamline_in(folder, environ_of(tmp_path_factory)) as made:
        made.script("proc", "pass\n")
        yield made


@pytest.fixture
def server() -> Iterator[LiveDataServer]:
    with live_data_server() as running:
        yield running


def now_ns() -> int:
    return epics_ns(time.time()) - NS_PER_S


def results_after(beamline: Beamline, seen: Status) -> int:
    """How many results there were then, once there are some more."""
    assert seen.progress is not None
    before = seen.progress.total.results
    beamline.wait(lambda later: later.progress is not None and later.progress.total.results > before + 3)
    return before


def test_results_arrive_while_the_run_goes_on(beamline: Beamline, server: LiveDataServer, tmp_path: Path) -> None:
    with serving(powder_play(runs=1, run_s=1000, gap_s=0.1, origin_ns=now_ns()), speed=1.0) as url:
        configuration = server.configuration(tmp_path)
        beamline.configure(source=url, update_every=0.2, publish={"config": str(configuration)})
        assert beamline.livereduce("check", "livereduce.conf").returncode == 0
        beamline.start()
        assert server.wait_for(1) == [(1, 200)]
        running = beamline.wait(lambda seen: seen.state is StateWord.RUNNING)
        assert running.progress is not None
        assert running.progress.last_errors == {}
        assert beamline.stop() == 0
    kind, div = server.plots["powder", 1]
    assert (kind, "POWDER run 1" in div, "Plotly.newPlot(" in div) == ("html", True, True)
    secret = configuration.read_text().split('"publisher_password": "')[1][:6]
    left = [path for path in beamline.path.rglob("*") if path.is_file() and secret in path.read_text(errors="ignore")]
    assert left == []


@pytest.mark.parametrize("mode", ["hanging", "dripping"])
def test_a_server_that_never_answers_costs_the_reduction_nothing(
    beamline: Beamline, server: LiveDataServer, tmp_path: Path, mode: str
) -> None:
    server.mode = mode
    with serving(powder_play(runs=1, run_s=1000, gap_s=0.1, origin_ns=now_ns()), speed=1.0) as url:
        beamline.configure(source=url, update_every=0.2, publish={"config": str(server.configuration(tmp_path))})
        beamline.start()
        assert server.wait_for(1) == [(1, 0)]
        results_after(beamline, beamline.wait(lambda seen: seen.progress is not None))
        assert beamline.stop() == 0  # while the upload is still under way; the fixture sees to it that nothing is left
        assert not server.released.is_set()
    assert "exited with code 0" in beamline.log()


def test_a_server_that_refuses_is_said_and_the_reduction_is_well(
    beamline: Beamline, server: LiveDataServer, tmp_path: Path
) -> None:
    with serving(powder_play(runs=1, run_s=1000, gap_s=0.1, origin_ns=now_ns()), speed=1.0) as url:
        path = server.configuration(tmp_path, publisher_password="wrong")
        beamline.configure(source=url, update_every=0.2, publish={"config": str(path)})
        beamline.start()
        seen = beamline.wait(lambda seen: any(error.kind == "publish_plots" for error in seen.errors))
        assert seen.state is StateWord.RUNNING
        assert seen.progress is not None
        assert "HTTP status 401" in seen.progress.last_errors["publish_plots"]
        results_after(beamline, seen)
        command = beamline.livereduce("status", "livereduce.conf")
        assert (command.returncode, "publish_plots: http://127.0.0.1" in command.stdout) == (0, True)
        assert beamline.stop() == 0
    assert server.plots == {}
    assert "cannot send a plot: " in beamline.log()


def test_of_runs_that_may_have_been_reduced_by_now_nothing_is_sent(
    beamline: Beamline, server: LiveDataServer, tmp_path: Path
) -> None:
    """Two runs of yesterday, as after a night without the service."""
    yesterday_ns = now_ns() - 86_400 * NS_PER_S
    with serving(powder_play(runs=2, run_s=1.0, gap_s=0.1, origin_ns=yesterday_ns)) as url:
        beamline.configure(source=url, update_every=0.2, publish={"config": str(server.configuration(tmp_path))})
        beamline.start()
        beamline.wait_ended(2)
        assert beamline.stop() == 0
    assert server.uploads == []


def test_a_configuration_that_cannot_be_used_is_a_warning(beamline: Beamline) -> None:
    beamline.configure(source="adara://localhost:1", publish={"config": "absent.conf"})
    command = beamline.livereduce("check", "livereduce.conf")
    assert command.returncode == 0
    assert "absent.conf: cannot be read: No such file or directory; no plots will be sent" in command.stdout


def test_what_a_script_publishes_takes_the_place_of_the_plot(
    beamline: Beamline, server: LiveDataServer, tmp_path: Path
) -> None:
    beamline.script(
        "post_proc",
        """\
from postprocessing.publish_plot import publish_plot
from plot_publisher import plot1d

div = plot1d(input.getRunNumber(), [[[1, 2], [3, 4]]], instrument="POWDER", x_title="mine", publish=False)
plot1d(input.getRunNumber(), [[[1, 2], [3, 4]]], instrument="POWDER", x_title="mine")
request = publish_plot("POWDER", input.getRunNumber(), files={"file": div})
assert request.status_code == 200
""",
    )
    with serving(powder_play(runs=1, run_s=1000, gap_s=0.1, origin_ns=now_ns()), speed=1.0) as url:
        beamline.configure(source=url, update_every=0.2, publish={"config": str(server.configuration(tmp_path))})
        beamline.start()
        assert server.wait_for(1) == [(1, 200)]
        assert beamline.stop() == 0
    kind, div = server.plots["powder", 1]
    assert (kind, div.startswith("<div"), "mine" in div, "POWDER run 1" in div) == ("html", True, True, False)
    folder = next(path for path in beamline.path.rglob("products") if path.is_dir()) / "1"
    assert {"figure.html", "plot1d.nxs", "result.nxs"} <= {path.name for path in folder.iterdir()}
