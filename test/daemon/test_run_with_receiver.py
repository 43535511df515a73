"""The daemon with a stand-in receiver beside its stand-in worker: who outlives whom, and that nobody outlives all."""

import os
import signal
import socket
import time
from pathlib import Path

import pytest

from helpers.beamline import LIMIT_S, Beamline, processes_of
from livereduce.base.local_sockets import connect_in
from livereduce.messages.marks import MarkStage
from livereduce.messages.request import (
    FILE_NAME,
    MAX_ANSWER_BYTES,
    Request,
    RequestAnswer,
    Want,
    decode_answer,
    encode_request,
)
from livereduce.messages.status import StateWord

DIED = "the receiver crashed (exit code 1): "


def attached(beamline: Beamline, readers: int) -> list[str]:
    """Who was attached, once there are so many: a worker may be at work before its receiver has looked."""
    path, deadline = beamline.path / "state" / "attached", time.monotonic() + LIMIT_S
    while len(found := path.read_text().splitlines() if path.exists() else []) < readers:
        assert time.monotonic() < deadline, f"{found}\n{beamline.log()}"
        time.sleep(0.01)
    return found


def wait_gone(beamline: Beamline) -> None:
    deadline = time.monotonic() + LIMIT_S
    while left := processes_of(beamline.path):
        assert time.monotonic() < deadline, f"left behind: {left}"
        time.sleep(0.01)


def wait_logged(beamline: Beamline, text: str) -> None:
    deadline = time.monotonic() + LIMIT_S
    while text not in beamline.log():
        assert time.monotonic() < deadline, beamline.log()
        time.sleep(0.01)


def test_workers_come_and_go_and_the_receiver_stays(beamline: Beamline) -> None:
    daemon = beamline.start()
    first = beamline.wait_running()
    assert first.worker_pid is not None
    os.kill(first.worker_pid, signal.SIGKILL)
    second = beamline.wait_running(generation=2)
    beamline.script("pass  # changed\n")
    third = beamline.wait_running(generation=3)
    assert first.receiver_pid == second.receiver_pid == third.receiver_pid is not None
    assert (third.restarts, third.renewals, third.receiver_restarts) == (1, 1, 0)
    assert attached(beamline, 3) == [f"worker {n} to receiver 1" for n in (1, 2, 3)]
    daemon.terminate()
    assert daemon.wait(LIMIT_S) == 0
    assert (beamline.path / "state" / "receiver_stopped").exists()
    assert beamline.status().receiver_pid is None
    assert processes_of(beamline.path) == []


def asked(place: Path, want: Want) -> RequestAnswer:
    with connect_in(place.parent, FILE_NAME, LIMIT_S) as command:
        command.send(encode_request(Request(want=want, who="a test")))
        return decode_answer(command.recv(MAX_ANSWER_BYTES))


def test_a_command_may_have_a_guest_attached(beamline: Beamline) -> None:
    daemon = beamline.start()
    beamline.wait_running()
    place = beamline.path / "run" / FILE_NAME
    assert (place.stat().st_mode & 0o777, place.is_socket()) == (0o660, True)
    with connect_in(place.parent, FILE_NAME, LIMIT_S) as command:
        command.send(b"nonsense")
        answer = decode_answer(command.recv(MAX_ANSWER_BYTES))
    assert not answer.done
    assert "not a request that this version knows" in answer.text
    with connect_in(place.parent, FILE_NAME, LIMIT_S) as command:
        command.send(encode_request(Request(want=Want.ATTACH, who="a test")))
        message, fds, _, _ = socket.recv_fds(command, MAX_ANSWER_BYTES, 1)
    assert decode_answer(message).done
    with socket.socket(fileno=fds[0]) as guest:
        guest.settimeout(LIMIT_S)
        assert guest.recv(100) == b"from receiver 1"
    for want, done, says in (
        (Want.PROMOTE, False, "the service has no shadow: set"),
        (Want.TAKE_BACK, False, "nothing was promoted here, so there is nothing to take back"),
        (Want.RESTART, True, "a new worker takes over with the scripts as they are now"),
    ):
        answer = asked(place, want)
        assert (answer.done, says in answer.text) == (done, True), answer
    beamline.wait_running(generation=2)
    assert f"asked to restart the worker by a test (pid {os.getpid()}, uid {os.getuid()})" in beamline.log()
    assert attached(beamline, 2)[1].startswith(f"the guest a test (pid {os.getpid()}, uid {os.getuid()}) to receiver 1")
    daemon.terminate()
    assert daemon.wait(LIMIT_S) == 0
    assert not place.exists()


def test_what_it_prints_is_in_the_log_under_its_own_name_and_is_no_scripts(beamline: Beamline) -> None:
    beamline.start()
    status = beamline.wait(lambda seen: seen.progress is not None and seen.progress.total.chunks > 3)
    assert " - livereduce.receiver - INFO - fake receiver: obey, number 1, 0 suspects\n" in beamline.log()
    assert " - livereduce.stream - WARNING - a record of the stream\n" in beamline.log()
    assert [one.line for one in status.printed] == ["fake worker: obey, generation 1"]


def test_a_receiver_that_is_killed_takes_its_worker_with_it_and_that_is_one_failure(beamline: Beamline) -> None:
    beamline.start()
    first = beamline.wait_running()
    assert first.receiver_pid is not None
    os.kill(first.receiver_pid, signal.SIGKILL)
    status = beamline.wait_running(generation=2)
    assert status.receiver_pid not in (None, first.receiver_pid)
    assert (status.restarts, status.receiver_restarts) == (1, 1)
    assert status.last_restarts[-1].reason.startswith("the receiver was killed by SIGKILL")
    assert attached(beamline, 2) == ["worker 1 to receiver 1", "worker 2 to receiver 2"]
    assert "fake receiver: obey, number 2, 1 suspects" in beamline.log(), "it is told what the first one had in hand"
    assert f"the receiver died while handling new data ({MarkStage.DECODE})" in beamline.log()
    assert "the worker died" not in beamline.log(), "its data are not to blame"


def test_receivers_that_crash_back_off_and_say_why(beamline: Beamline) -> None:
    beamline.start("receiver crash")
    status = beamline.wait(lambda seen: seen.restarts >= 3)
    assert {one.reason.startswith(DIED) for one in status.last_restarts} == {True}
    assert "the next worker starts in 0.1 s" in beamline.log()


def test_a_silent_receiver_is_asked_for_its_stacks_and_replaced(beamline: Beamline) -> None:
    beamline.configure(limits={"waiting": 0.5})
    beamline.start("receiver silent once")
    status = beamline.wait_running(generation=2)
    expected = "livereduce killed the receiver: stuck while receiving for 0.5 s (limits.waiting)"
    assert [one.reason for one in status.last_restarts] == [expected]
    assert "the stack traces of the unresponsive receiver are in" in beamline.log()
    [dump] = (beamline.path / "state" / "dumps").iterdir()
    assert "fake_receiver.py" in dump.read_text()


def test_a_receiver_that_speaks_nonsense_is_replaced(beamline: Beamline) -> None:
    beamline.start("receiver nonsense")
    status = beamline.wait(lambda seen: seen.restarts >= 1)
    assert "lines on the receiver's status pipe were not from the receiver" in status.last_restarts[0].reason


def test_what_the_receiver_refuses_parks(beamline: Beamline) -> None:
    beamline.start("receiver refuse")
    parked = beamline.wait(lambda seen: seen.state is StateWord.PARKED)
    assert parked.why == "the receiver cannot run: no such stream"
    assert (parked.restarts, parked.worker_pid, parked.receiver_pid) == (0, None, None)


def test_parked_nobody_receives(beamline: Beamline) -> None:
    beamline.start()
    beamline.wait_running()
    script = beamline.path / "scripts" / "reduce_PG3_live_proc.py"
    script.unlink()
    parked = beamline.wait(lambda seen: seen.state is StateWord.PARKED and seen.receiver_pid is None)
    assert processes_of(beamline.path) == [parked.pid]
    beamline.script()
    running = beamline.wait_running(generation=2)
    assert (running.restarts, running.receiver_restarts) == (0, 0)


@pytest.mark.parametrize(("mode", "terminate_s"), [("receiver deaf", 600.0), ("receiver stubborn", 0.2)])
def test_a_receiver_that_does_not_obey_is_ended_all_the_same(beamline: Beamline, mode: str, terminate_s: float) -> None:
    daemon = beamline.start(mode, terminate_s=terminate_s)
    beamline.wait_running()
    wait_logged(beamline, "fake receiver: ")
    daemon.terminate()
    assert daemon.wait(LIMIT_S) == 0
    assert "sending SIGTERM to the receiver" in beamline.log()
    assert ("sending SIGKILL to it" in beamline.log()) == (mode == "receiver stubborn")
    assert processes_of(beamline.path) == []


def test_further_requests_to_stop_hurry_the_receiver_too(beamline: Beamline) -> None:
    daemon = beamline.start("receiver stubborn")
    beamline.wait_running()
    wait_logged(beamline, "fake receiver: ")  # until it is there, SIGTERM ends it
    for step in ("telling it to exit", "sending SIGTERM to the receiver", "sending SIGKILL to it"):
        assert step not in beamline.log()
        daemon.terminate()
        wait_logged(beamline, step)
    assert daemon.wait(LIMIT_S) == 0


def test_nobody_outlives_a_daemon_that_is_killed(beamline: Beamline) -> None:
    daemon = beamline.start(spare_s=0.1)
    beamline.wait(lambda seen: seen.spare_pid is not None)
    daemon.kill()
    daemon.wait()
    wait_gone(beamline)


def test_a_receiver_that_cannot_be_started_is_tried_again(beamline: Beamline) -> None:
    (beamline.path / "state").mkdir()
    in_the_way = beamline.path / "state" / "receivers"
    in_the_way.write_text("in the way")
    beamline.start()
    status = beamline.wait(lambda seen: seen.restarts >= 2)
    assert "the receiver could not be started" in status.last_restarts[-1].reason
    in_the_way.unlink()
    beamline.wait_running()


# ---- the spare


def test_a_spare_takes_the_next_job(beamline: Beamline) -> None:
    daemon = beamline.start(spare_s=0.1)
    first = beamline.wait(lambda seen: seen.spare_pid is not None)
    assert f"a spare worker stands by (pid {first.spare_pid})" in beamline.log()
    assert first.worker_pid is not None
    os.kill(first.worker_pid, signal.SIGKILL)
    second = beamline.wait_running(generation=2)
    assert second.worker_pid == first.spare_pid
    assert "a spare got the job, and a line from receiver 1" in beamline.log()
    third = beamline.wait(lambda seen: seen.spare_pid not in (None, first.spare_pid))
    beamline.script("pass  # changed\n")
    assert beamline.wait_running(generation=3).worker_pid == third.spare_pid
    daemon.terminate()
    assert daemon.wait(LIMIT_S) == 0
    assert processes_of(beamline.path) == []


def test_one_that_is_still_loading_is_not_waited_for(beamline: Beamline) -> None:
    beamline.start("spare slow", spare_s=0.1)
    first = beamline.wait_running()
    while len(processes_of(beamline.path)) < 4:
        time.sleep(0.01)
    assert first.worker_pid is not None
    os.kill(first.worker_pid, signal.SIGKILL)
    beamline.wait_running(generation=2)
    assert "is ended: it is still loading, and a worker starts now" in beamline.log()
    assert "a spare got the job" not in beamline.log()


def test_spares_that_die_cost_nothing_else(beamline: Beamline) -> None:
    beamline.start("spare crash", spare_s=0.1)
    beamline.wait_running()
    wait_logged(beamline, "the spare worker crashed (exit code 1): the spare crashes")
    assert (beamline.status().restarts, beamline.status().generation) == (0, 1)


def test_parked_none_stands_by(beamline: Beamline) -> None:
    beamline.start(spare_s=0.1)
    beamline.wait(lambda seen: seen.spare_pid is not None)
    Path(beamline.path / "scripts" / "reduce_PG3_live_proc.py").unlink()
    parked = beamline.wait(lambda seen: seen.state is StateWord.PARKED and seen.spare_pid is None)
    deadline = time.monotonic() + LIMIT_S
    while processes_of(beamline.path) != [parked.pid]:
        assert time.monotonic() < deadline
        time.sleep(0.01)
