"""Each command in README and docs works: run where that is cheap, else checked against what would carry it out."""

import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from helpers.documented import Told, check, commands_of, parts
from helpers.fabricated import Fabricated
from helpers.paths import ROOT
from helpers.served import powder_play, serving
from helpers.tools import needs
from livereduce.base.errors import ExitCode
from livereduce.cli import main
from livereduce.messages.status import ErrorSeen, StateWord

DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", *(ROOT / "test").rglob("README.md"), *DOCS.rglob("*.md")])
COMMANDS = {str(told): told for page in PAGES for told in commands_of(page)}


def test_commands_are_found() -> None:
    assert len(COMMANDS) > 120
    assert {"README.md", "operators.md", "scientists.md", "developers.md"} <= {t.page.name for t in COMMANDS.values()}


@needs("make")
@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_command_is_one_that_there_is(name: str) -> None:
    for words in parts(COMMANDS[name].text):
        check(words, COMMANDS[name])


@pytest.mark.parametrize(
    "line",
    [
        "livereduce status --jsn",
        "livereduce simulate --powder --speeed 2",
        "make tests",
        "make demo ARGS=--twice",
        "make chaos ARGS=--shares",
        "make test ARGS=test/nowhere",
        "sudo systemctl start livereduced",
        "systemctl reenable livereduce",
        "journalctl -u live-reduce",
        "sudo dnf install livereduce-watchdog",
        "python scripts/live_reduce.py c.conf",
        "python3 -m pip install '.[builtins]'",
        "systemd-sysusers /usr/share/livereduce/livereduce.users.conf",
        "./build.sh",
    ],
)
def test_a_wrong_command_is_seen(line: str) -> None:
    (words,) = parts(line)
    with pytest.raises((AssertionError, SystemExit)):
        check(words, Told(ROOT / "README.md", line, True))


# ---- the cheap ones, run


def answer_in(page: str, command: str) -> list[str]:
    """What a page shows as the answer to a command in a console block."""
    for block in re.findall(r"^```console\n(.*?)^```$", (DOCS / page).read_text(), re.M | re.S):
        _, found, rest = f"\n{block}".partition(f"\n$ {command}\n")
        if found:
            return [line for line in re.split(r"^\$ .*$", rest, flags=re.M)[0].splitlines() if line.strip()]
    raise AssertionError(f"{page} has no {command}")


def labels(lines: list[str]) -> list[str]:
    """Where lines are a label, two blanks and a value: the labels."""
    return [hit[1] for line in lines if (hit := re.match(r"( {0,2}\S+( \S+)*)( {2,}|$)", line))]


@pytest.fixture
def powder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory: a copy of the example, with nothing of this host's own service."""
    for path in (ROOT / "examples" / "powder").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.chdir(tmp_path)
    for name in ("RUNTIME_DIRECTORY", "STATE_DIRECTORY", "XDG_RUNTIME_DIR", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[str]]:
    code = main(list(words))
    return code, capsys.readouterr().out.splitlines()


def test_check_of_the_example_answers_as_the_page_shows(powder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = answer_in("configuration.md", "livereduce check livereduce.conf")
    (powder / "reduce_POWDER_live_post_proc.py").unlink()
    code, lines = said(capsys, "check", "livereduce.conf")
    assert code == ExitCode.OK
    assert [label for label in labels(shown) if label.strip() != "…" and label not in labels(lines)] == []
    assert shown[-1] == lines[-1] == "this can run"


def test_check_of_a_wrong_configuration_answers_as_the_page_shows(
    powder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = answer_in("configuration.md", "livereduce check c.conf")
    (powder / "c.conf").write_text(
        '{"instrument": "PG3", "engine": "builtin", "script_dri": "/x", "update_every": "0", "watchdog.threshold": 5}'
    )
    code, lines = said(capsys, "check", "c.conf")
    assert code == ExitCode.UNUSABLE
    assert [line for line in shown if line != "…" and line not in lines] == []


def test_status_where_nothing_runs_is_down(powder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = said(capsys, "status", "livereduce.conf")
    assert code == ExitCode.DOWN
    assert "DOWN" in lines[0]


def test_status_of_a_failed_script_answers_as_the_page_shows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = answer_in("processing_scripts.md", "livereduce status livereduce.conf")
    one = Fabricated(tmp_path / "POWDER", "POWDER")
    why, at = shown[0].partition("degraded: ")[2], shown[-1].split()[2]
    one.say(
        state=StateWord.DEGRADED,
        why=why,
        progress={"total": {"chunks": 3, "script_errors": 3}},
        errors=(ErrorSeen(kind="proc", text=why.removeprefix("proc: "), at=at),),
    )
    code, lines = said(capsys, "status", str(one.conf))
    assert code == 1
    assert [line for line in shown if line != "…" and line not in lines] == []


def test_inspect_of_the_simulated_server_answers_as_the_page_shows(capsys: pytest.CaptureFixture[str]) -> None:
    shown = answer_in("inspect_and_simulate.md", "livereduce inspect adara://127.0.0.1:31415 --seconds 3")
    with serving(powder_play(runs=1, run_s=2.0, gap_s=0.5)) as url:
        _, lines = said(capsys, "inspect", url, "--seconds", "3")
    wanted = [line.split()[0] for line in shown if re.match(r" {2}[a-z]+ {2,}\S|segment", line)]
    assert wanted == ["segment", "pulses", "events", "charge", "banks", "monitors"]
    assert set(wanted) <= {line.split()[0] for line in lines if line.strip()}


def test_simulate_says_at_once_where_it_listens(powder: Path) -> None:
    """The first lines that the page shows, from the process itself."""
    command = [sys.executable, "-m", "livereduce", "simulate", "--powder", "--run-seconds", "15", "--runs", "2"]
    with subprocess.Popen([*command, "--port", "0"], stdout=subprocess.PIPE, text=True) as child:
        guard = threading.Timer(50.0, child.kill)
        guard.start()
        try:
            assert child.stdout is not None
            first, second = child.stdout.readline(), child.stdout.readline()
        finally:
            guard.cancel()
            child.terminate()
    assert re.fullmatch(r"listening on 127\.0\.0\.1:\d+\n", first)
    assert second == "run 1 started\n"
