"""The tutorial, followed to the letter by a newcomer on a terminal; what the page says of results is looked up."""

import socket
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest

from helpers.newcomer import Save, Say, Terminal, pattern_of, steps_of
from helpers.paths import ROOT
from livereduce.publish.products.file import read_product

PAGE = (ROOT / "docs" / "tutorial_scripts.md").read_text()
PATIENCE_S = 100.0
PORT = "31415"
"""Of the page; the test has one of its own."""
ASKS = "livereduce status"
"""What somebody repeats until it shows what has been waited for."""


@pytest.mark.parametrize(
    ("shown", "seen", "matches"),
    [
        ("9 of 155 values differ", "  9 of 155  values differ", False),
        ("  9 of 155 values differ", "    9 of 155 values differ", True),
        ("attempt  1,500 events, … s", "attempt   1,500 events, 0.8 s", True),
        ("attempt  1,500 events", "attempt   1,501 events", False),
        ("took 1.25 s", "took 0.8 s", True),
        ("md5 12ab.", "md5 12ac.", False),
    ],
)
def test_what_a_shown_line_matches(shown: str, seen: str, matches: bool) -> None:
    assert bool(pattern_of(shown).search(seen)) is matches


def test_the_steps_are_found() -> None:
    steps = list(steps_of(PAGE))
    assert sum(isinstance(step, Save) for step in steps) == 6
    assert sum(isinstance(step, Say) and step.stays for step in steps) == 3
    commands = [step.command.split()[1] for step in steps if isinstance(step, Say) and step.command[:4] == "live"]
    assert {"simulate", "record", "try", "run", "status", "promote"} == set(commands)


def repeated(terminal: Terminal, step: Say) -> None:
    """Ask until the answer is as the page shows it."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            terminal.say(step)
        except AssertionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
        else:
            return


def first_counts(products: Path) -> Callable[[], bool | None]:
    """Whether the newest result has counts below 2 ms; None: there is none, or it has no counts at all."""

    def look() -> bool | None:
        for path in sorted(products.glob("*/result.nxs"), key=lambda one: int(one.parent.name), reverse=True)[:1]:
            try:
                signal = read_product(path).signal
            except (OSError, ValueError, KeyError, RuntimeError):  # it is being replaced
                return None
            if np.any(signal):
                return bool(np.any(signal[:15]))
        return None

    return look


def wait_for(look: Callable[[], bool | None], wanted: bool) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while look() is not wanted:
        assert time.monotonic() < deadline
        time.sleep(0.2)


@pytest.mark.timeout(10 * PATIENCE_S)
def test_the_page_is_followed_to_its_end(tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    live, shadow = (first_counts(here / "livereduce.state" / name) for name in ("products", "shadow/products"))
    terminal = Terminal(tmp_path, PATIENCE_S)
    started: list[psutil.Process] = []
    try:
        for step in steps_of(PAGE.replace(PORT, port)):
            if isinstance(step, Save):
                (here / step.path).write_text(step.text)
                continue
            if step.command.startswith("kill"):
                started = terminal.processes()
            if step.command.startswith("livereduce promote livereduce.conf"):
                wait_for(live, True)  # what is in use, and what is new, side by side
                wait_for(shadow, False)
            elif step.command.startswith("livereduce promote --undo"):
                wait_for(live, False)  # the new script's result is the live one
            repeated(terminal, step) if step.command.startswith(ASKS) else terminal.say(step)
        shell = started[0]
        _, left = psutil.wait_procs([one for one in started if one != shell], timeout=PATIENCE_S)
        assert left == []
    finally:
        terminal.close()
    assert (here / "new" / "reduce_POWDER_live_proc.py").read_text() != (
        here / "scripts" / "reduce_POWDER_live_proc.py"
    ).read_text()
