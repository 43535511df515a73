"""Commands as README and docs have them, and each checked against what would carry it out.

A command stands in a block (`shell`: each line, `console`: what follows the prompt) or between backticks.
"""

import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from helpers.paths import ROOT
from livereduce.cli import command_line

SPEC = (ROOT / "packaging" / "livereduce.spec").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PACKAGES = {"python-livereduce", "python-livereduce-watchdog"}
UNITS = {path.stem for path in (ROOT / "packaging").glob("*.service")}
VERBS = {"start", "stop", "restart", "reload", "status", "enable", "disable", "edit", "daemon-reload", "list-jobs"}
OTHERS = {
    "cd",
    "echo",
    "firewall-cmd",
    "git",
    "install",
    "kill",
    "loginctl",
    "mkdir",
    "pre-commit",
    "rm",
    "systemd-analyze",
    "tail",
    "tee",
    "vi",
}
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
    line = re.sub(r" \d?>(&\d| \S+)", "", line)
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
    if words[0].endswith(".pyz"):
        assert f"--pack {words[0]}" in told.page.read_text(), f"nothing makes {words[0]}"
    elif words[0] != "-m":
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
