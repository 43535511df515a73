"""Each command in README and docs works: run where that is cheap, else checked against what would carry it out.

A command stands in a block (`shell`: each line, `console`: what follows the prompt) or between backticks.
"""

import os
import re
import shlex
import subprocess
import sys
import threading
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from helpers.fabricated import Fabricated
from helpers.paths import ROOT
from helpers.served import powder_play, serving
from helpers.tools import needs
from livereduce.base.errors import ExitCode
from livereduce.cli import command_line, main
from livereduce.messages.status import ErrorSeen, StateWord

DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", *(ROOT / "test").rglob("README.md"), *DOCS.rglob("*.md")])
SPEC = (ROOT / "packaging" / "livereduce.spec").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PACKAGES = {"python-livereduce", "python-livereduce-watchdog"}
UNITS = {path.stem for path in (ROOT / "packaging").glob("*.service")}
VERBS = {"start", "stop", "restart", "reload", "status", "enable", "disable", "edit", "daemon-reload", "list-jobs"}
OTHERS = {"cd", "git", "install", "loginctl", "pre-commit", "systemd-analyze", "tail", "tee", "vi"}
"""Programs that are none of ours, with no argument that could become wrong here but a path."""


@dataclass(frozen=True, slots=True)
class Told:
    """A command as a page has it; `whole` is that of a line in a block, which must be complete."""

    page: Path
    text: str
    whole: bool

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}: {self.text}"


def blocks(text: str, kind: str) -> Iterator[str]:
    """The lines of the blocks of a kind; a line that ends with a backslash goes on."""
    for block in re.findall(rf"^```{kind}\n(.*?)^```$", text, re.M | re.S):
        yield from block.replace("\\\n", " ").splitlines()


def commands_of(page: Path) -> Iterator[Told]:
    """All commands of a page."""
    text = page.read_text()
    lines = [*blocks(text, "shell"), *(line[2:] for line in blocks(text, "console") if re.match(r"[$#] ", line))]
    yield from (Told(page, line, True) for line in lines if line.strip())
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S))
    yield from (Told(page, span, False) for span in spans if is_command(span))


def is_command(span: str) -> bool:
    """Whether what stands between backticks is a command: one of the programs below, and a blank behind it."""
    first, _, rest = span.removeprefix("sudo ").partition(" ")
    if first == "rpm" and not rest.startswith("-"):
        return False  # a list of Debian's packages
    return first in CHECKS and bool(rest) and " has not come back " not in rest


def parts(line: str) -> Iterator[list[str]]:
    """The commands of a line as words, without what a shell does: sudo, variables before it, redirections, comments."""
    line = re.sub(r" \d?>&\d", "", line)
    if line.startswith("livereduce "):
        line = re.sub(r"[\[\]]", "", line)  # around an argument that may be left out
    lexer = shlex.shlex(line, posix=True, punctuation_chars="&|;<>")
    lexer.whitespace_split = True
    words: list[str] = []
    for word in [*lexer, ";"]:
        if set(word) <= set("&|;<>"):
            if words:
                yield words
            words = []
        elif words or (word != "sudo" and "=" not in word):
            words.append(word)


# ---- what would carry it out


def livereduce(words: list[str], told: Told) -> None:
    """The real parser takes the options."""
    words = ["1" if word == "S" else word for word in words if word not in ("CONF", "…")]
    if words[:1] == ["simulate"] and not told.whole and not {"--powder", "--nexus", "--capture"} & set(words):
        words = [*words, "--powder"]  # "livereduce simulate" names the command; alone it asks what to play
    if words == ["inspect"] and not told.whole:
        words = ["inspect", "FILE"]
    command_line().parse_args(words)


def make(words: list[str], told: Told) -> None:
    """The target is there, and what it would run takes the ARGS."""
    done = subprocess.run(["make", "-n", *words], cwd=ROOT, capture_output=True, text=True, env=PLAIN)
    assert done.returncode == 0, done.stderr
    arguments = [word.removeprefix("ARGS=") for word in words if word.startswith("ARGS=")]
    for line in done.stdout.splitlines() if arguments else ():
        if line.endswith(arguments[0]) and ".venv/bin/" in line:
            for command in parts(line[line.index(".venv/bin/") :]):
                check(command, told)


def systemctl(words: list[str], told: Told) -> None:
    """A verb that there is, and units that are packaged."""
    verb, *units = [word for word in words if word not in ("--now", "--user")]
    assert verb in VERBS
    assert {re.sub(r"@\w+$", "@", unit) for unit in units} <= UNITS


def journalctl(words: list[str], told: Told) -> None:
    assert words[0] == "-u"
    assert words[1] in UNITS
    assert words[2:] in ([], ["-f"])


def dnf(words: list[str], told: Told) -> None:
    """Our packages by the names in the spec; others are only what RHEL needs to build."""
    assert words[0] in ("install", "remove", "downgrade")
    for word in words[1:]:
        name = re.sub(r"(-\*|-[\d.]+…?)?(\.noarch)?(\.rpm)?$", "", Path(word).name)
        assert name in {*PACKAGES, "rpm-build", "systemd-rpm-macros"}, name


def rpm(words: list[str], told: Told) -> None:
    assert words[0] in ("-V", "--verify")
    assert set(words[1:]) <= PACKAGES


def apt_get(words: list[str], told: Told) -> None:
    """Names of packages; that Debian has those of README and test/README.md is shown in a bare Debian by .ci/run."""
    assert words[0] in ("install", "update")
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9.+-]+", word) for word in words[1:])


def python(words: list[str], told: Told) -> None:
    """A file or module of ours takes the options; of pip and venv the words are known, and the extras are ours."""
    if words[0] != "-m":
        script(words[0], words[1:])
    elif words[1] == "pytest":
        pytest_(words[2:], told)
    elif words[1] == "pip":
        pip(words[2:], told)
    elif words[1].startswith("livereduce."):
        assert (ROOT / "src" / words[1].replace(".", "/") / "__main__.py").is_file()
    else:
        assert words[1] == "venv"
        assert len(words) == 3


def script(path: str, options: list[str]) -> None:
    """A script of the checkout; those with options name them in their help."""
    assert (ROOT / path).is_file(), path
    if any(option.startswith("-") for option in options):
        done = subprocess.run([sys.executable, path, "--help"], cwd=ROOT, capture_output=True, text=True, env=PLAIN)
        assert all(option in done.stdout for option in options if option.startswith("-")), done


def pip(words: list[str], told: Told) -> None:
    assert words[0] in ("install", "wheel")
    for extras in re.findall(r"\[([\w,]+)\]", " ".join(words)):
        assert set(extras.split(",")) <= set(PROJECT["optional-dependencies"])
    assert told.whole or "livereduce" not in words or "would not find it" in told.page.read_text()


def pytest_(words: list[str], told: Told) -> None:
    """The paths are there."""
    assert all((ROOT / word).exists() for word in words if "/" in word and not word.startswith("-")), words


def pixi(words: list[str], told: Told) -> None:
    assert words[0] in ("install", "shell", "list", "run")


def conda(words: list[str], told: Told) -> None:
    assert words[0] in ("activate", "list", "run")


def packaged(words: list[str], told: Told) -> None:
    """The file that is named is one of ours in the spec."""
    assert re.search(rf"\b{re.escape(Path(words[-1]).name.removeprefix('livereduce_watchdog.'))}\b", SPEC), words


def other(words: list[str], told: Told) -> None:
    """A file of ours under /usr/share/livereduce is one that the spec puts there."""
    for word in words:
        if word.startswith("/usr/share/livereduce/"):
            assert f"packaging/{Path(word).name}" in SPEC or Path(word).name in SPEC, word


CHECKS: dict[str, Callable[[list[str], Told], None]] = {
    "livereduce": livereduce,
    "make": make,
    "systemctl": systemctl,
    "journalctl": journalctl,
    "dnf": dnf,
    "rpm": rpm,
    "apt-get": apt_get,
    "pip": pip,
    "pytest": pytest_,
    "pixi": pixi,
    "conda": conda,
    "micromamba": conda,
    "systemd-sysusers": packaged,
    "systemd-tmpfiles": packaged,
    **dict.fromkeys(("python", "python3", "python3.11"), python),
    **dict.fromkeys(OTHERS, other),
}
PLAIN = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}


def check(words: list[str], told: Told) -> None:
    """One command against what would carry it out; a program that nobody has thought of is a failure."""
    name = Path(words[0]).name
    if "/" in words[0] and (ROOT / words[0]).is_file() and name.endswith((".sh", ".py")):
        assert os.access(ROOT / words[0], os.X_OK), words[0]
    else:
        assert name in CHECKS, f"what is {name}?"
        CHECKS[name](words[1:], told)


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
        progress={"chunks": 3, "results": 0, "script_errors": 3},
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
