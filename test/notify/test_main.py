"""`livereduce notify` as a process: what it sends, remembers, refuses and leaves behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from helpers.fabricated import Fabricated, pattern
from livereduce.cli import main
from livereduce.messages.status import StateWord
from livereduce.notify import memory
from livereduce.notify.memory import Memory
from livereduce.notify.occasions import ResultFlow
from livereduce.notify.remembered import Remembered

PATIENCE_S = 50.0
NOT_FOR_CHILDREN = ("RUNTIME_DIRECTORY", "STATE_DIRECTORY", "XDG_RUNTIME_DIR", "XDG_STATE_HOME")


class Beside:
    """An instrument that is only files, and the process that tells of it; its command writes lines into a file."""

    def __init__(self, one: Fabricated, stack: ExitStack) -> None:
        self.one, self._stack = one, stack
        self.told_file = one.path / "told"
        self.log = one.path / "notify.log"

    def configure(self, *entries: dict[str, Any], **others: Any) -> None:
        body = json.loads(self.one.conf.read_text()) | {"notify": list(entries)} | others
        fresh = self.one.conf.with_suffix(".new")
        fresh.write_text(json.dumps(body))
        fresh.replace(self.one.conf)

    def writes(self, *on: str, **facts: Any) -> dict[str, Any]:
        """An entry whose command adds the line of text to the file."""
        script = f"import sys; open({str(self.told_file)!r}, 'a').write(sys.argv[1] + chr(10))"
        command = [sys.executable, "-c", script, "{text}"]
        return {"on": list(on), "command": command, "longer_than_s": 0, "at_most_every_s": 0.1} | facts

    def start(self) -> "subprocess.Popen[bytes]":
        environ = {name: value for name, value in os.environ.items() if name not in NOT_FOR_CHILDREN}
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "livereduce", "notify", str(self.one.conf)],
                cwd=self.one.path,
                env=environ,
                stdout=log,
                stderr=log,
            )
        self._stack.callback(self._end, process)
        return process

    @staticmethod
    def _end(process: "subprocess.Popen[bytes]") -> None:
        process.kill()
        process.wait()

    def told(self) -> list[str]:
        return self.told_file.read_text().splitlines() if self.told_file.exists() else []

    def until(self, what: str, there: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if found := there():
                return found
            time.sleep(0.02)
        raise AssertionError(f"{what} does not come: {self.told()}\n{self.log.read_text()}")


@pytest.fixture
def beside(tmp_path: Path) -> Iterator[Beside]:
    one = Fabricated(tmp_path / "PG3", "PG3")
    one.say()
    one.publish(pattern(41, 1000))
    with ExitStack() as stack:
        yield Beside(one, stack)


def stop(process: "subprocess.Popen[bytes]", number: signal.Signals = signal.SIGTERM) -> int:
    process.send_signal(number)
    return process.wait(PATIENCE_S)


def test_it_tells_and_remembers_over_a_restart(beside: Beside) -> None:
    beside.configure(beside.writes("parked", "run_ended", "down"))
    beside.one.say(state=StateWord.PARKED, why="no scripts")
    process = beside.start()
    beside.until("the first message", lambda: beside.told() == ["PG3: parked: no scripts"])
    remembered = beside.one.path / "state" / "notify.json"
    beside.until("what was told", lambda: '"parked": ' in remembered.read_text())
    assert stop(process) == 0
    process = beside.start()
    beside.one.say(state=StateWord.RUNNING, why="reducing run 41")
    beside.until("the end", lambda: len(beside.told()) == 2)
    assert beside.told()[1].startswith("PG3: parked is over after ")
    beside.one.shelf.ended(41)
    beside.until("the end of the run", lambda: beside.told()[2:] == ["PG3: run 41 has ended"])
    assert stop(process, signal.SIGINT) == 0
    process = beside.start()
    beside.one.say(ahead=timedelta(hours=-1))
    beside.until("that it is down", lambda: len(beside.told()) == 4)
    assert "PG3: down: the daemon (pid" in beside.told()[3]
    assert stop(process) == 0


def test_a_second_one_for_the_same_configuration_is_refused(beside: Beside) -> None:
    beside.configure(beside.writes("down"))
    first = beside.start()
    beside.until("the lock", lambda: (beside.one.path / "state" / "notify.lock").exists())
    assert beside.start().wait(PATIENCE_S) == 78
    assert "another livereduce notify (pid" in beside.log.read_text()
    assert stop(first) == 0


def test_only_one_page_is_asked(beside: Beside) -> None:
    first, second = "http://127.0.0.1:1", "http://127.0.0.1:2"
    pages = (first, f"{first}/", second)
    beside.configure(*(beside.writes("dead_bank", page=page) for page in pages), beside.writes("down", page="http://x"))
    process = beside.start()
    beside.until("the start", lambda: "entry 4" in beside.log.read_text())
    warned = beside.until(
        "the warning", lambda: [line for line in beside.log.read_text().splitlines() if "is not asked" in line]
    )
    assert [line.partition(' "page" ')[2].partition(" is not asked")[0] for line in warned] == [second]
    assert stop(process) == 0


def test_a_changed_configuration_ends_it(beside: Beside) -> None:
    beside.configure()
    process = beside.start()
    beside.until("the start", lambda: 'has neither "notify" nor "heartbeat"' in beside.log.read_text())
    beside.one.conf.write_text("{ broken")
    beside.one.conf.write_text(json.dumps({"instrument": "PG3", "notify": [beside.writes("down")]}))
    assert process.wait(PATIENCE_S) == 0
    assert "the configuration has changed" in beside.log.read_text()


def test_targets_that_misbehave_delay_no_other_and_are_not_left_behind(beside: Beside) -> None:
    pid_file = beside.one.path / "pid"
    hangs = f"import os, time; open({str(pid_file)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    floods = "import sys\nwhile True: sys.stdout.write('flood ' * 1000)"
    beside.configure(
        {"on": ["parked"], "longer_than_s": 0, "command": [sys.executable, "-c", hangs]},
        {"on": ["parked"], "longer_than_s": 0, "command": [sys.executable, "-c", floods]},
        {"on": ["parked"], "longer_than_s": 0, "webhook": "http://127.0.0.1:1/t0ps3cret"},
        beside.writes("parked"),
    )
    beside.one.say(state=StateWord.PARKED, why="no scripts")
    process = beside.start()
    beside.until("the message of the last", beside.told)
    beside.until("the end of the flood", lambda: "has printed more than" in beside.log.read_text())
    beside.until("the refusal", lambda: "Connection refused" in beside.log.read_text())
    hanging = beside.until("the one that hangs", lambda: pid_file.exists() and pid_file.read_text())
    assert stop(process) == 0
    beside.until("its end", lambda: not Path(f"/proc/{hanging}").exists())
    assert "t0ps3cret" not in beside.log.read_text()


def test_a_test_message(beside: Beside, capsys: pytest.CaptureFixture[str]) -> None:
    secret = "http://127.0.0.1:1/t0ps3cret"
    beside.configure(beside.writes("down"), {"on": ["down"], "webhook": secret}, {"on": ["nonsense"]})
    conf = str(beside.one.conf)
    assert main(["notify", conf, "--try", "1"]) == 0
    assert beside.told() == ["PG3: this is a test of livereduce notify, nothing has happened"]
    assert capsys.readouterr().out.endswith("): sent\n")
    assert main(["notify", conf, "--try", "2"]) == 1
    out = capsys.readouterr().out
    assert out == "notify, entry 2 (webhook at 127.0.0.1): not sent: Connection refused\n"
    assert main(["notify", conf, "--try", "3"]) == 78
    err = capsys.readouterr().err
    assert "unknown occasion 'nonsense'" in err
    assert "no entry 3; those that can be used: 1, 2" in err
    beside.configure()
    assert main(["notify", conf, "--try", "1"]) == 78


def test_a_configuration_by_hand_does_not_use_the_directory_of_the_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may write there, such as root, must not take the lock of the service's own process."""
    theirs = tmp_path / "of_the_service"
    theirs.mkdir()
    monkeypatch.setattr(memory, "find_products", lambda *_: [tmp_path / "none" / "products", theirs / "products"])
    kept = Memory(tmp_path / "mine.conf", {}, tmp_path)
    kept.keep(Remembered(flow=ResultFlow(run=1)))
    kept.close()
    assert list(theirs.iterdir()) == []
    monkeypatch.setattr(memory, "service_of", lambda *_: object())
    kept = Memory(tmp_path / "mine.conf", {}, tmp_path)
    kept.keep(Remembered(flow=ResultFlow(run=1)))
    kept.close()
    assert sorted(path.name for path in theirs.iterdir()) == ["notify.json", "notify.lock"]


def test_what_cannot_be_kept_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "state").mkdir()
    conf = tmp_path / "livereduce.conf"
    body = {
        "instrument": "PG3",
        "engine": "builtin",
        "source": "adara://127.0.0.1:1",
        "state_dir": str(tmp_path / "state"),
    }
    conf.write_text(json.dumps(body))
    (tmp_path / "state" / "notify.json").write_text("{")
    kept = Memory(conf, {}, tmp_path)
    assert "what was told before is not known" in caplog.text
    (tmp_path / "state" / "notify.json").unlink()
    (tmp_path / "state" / "notify.json").mkdir()
    for run in range(5):
        kept.keep(Remembered(flow=ResultFlow(run=run)))
    kept.close()
    assert caplog.text.count("cannot be written") == 1
