import logging
import os
import subprocess
import sys

import pytest

CHILD = """
import logging, logging.config, os, sys
from livereduce.child.setup import prepare_process
own = prepare_process()
ours, theirs = logging.getLogger("livereduce.engine"), logging.getLogger("of.a.script")
own.take_over()
ours.info("one")
{act}
ours.info("two")
ours.error("three")
"""


@pytest.mark.parametrize(
    "act",
    [
        "logging.shutdown()",
        "logging.getLogger().handlers.clear()",
        "logging.disable(logging.CRITICAL)",
        "logging.basicConfig(force=True, filename=os.devnull, level=100)",
        "logging.config.dictConfig({'version': 1})",
        "mine = logging.getLogger('livereduce.engine'); mine.disabled = True; mine.setLevel(100)",
        "logging.getLogger('livereduce').handlers.clear(); logging.getLogger('livereduce').propagate = False",
        "sys.stderr.close(); sys.stdout.close()",
        "sys.stderr = sys.stdout = None",
        "os.close(0); os.close(1); os.close(2)",
        "logging.Logger.manager.loggerDict.clear()",
        "logging.raiseExceptions = False; logging._handlers.clear()",
    ],
)
def test_nothing_that_a_script_does_to_logging_touches_our_own_log(act: str) -> None:
    ended = subprocess.run([sys.executable, "-c", CHILD.format(act=act)], capture_output=True, text=True, check=False)
    lines = [line for line in ended.stderr.splitlines() if "livereduce.engine" in line]
    assert lines == [
        f"{level} livereduce.engine: {text}" for level, text in (("INFO", "one"), ("INFO", "two"), ("ERROR", "three"))
    ]


def test_what_scripts_log_goes_on_as_they_want() -> None:
    act = "theirs.warning('a warning'); logging.disable(logging.WARNING); theirs.warning('not this one')"
    ended = subprocess.run([sys.executable, "-c", CHILD.format(act=act)], capture_output=True, text=True, check=True)
    assert ended.stderr.splitlines()[1] == "WARNING of.a.script: a warning"
    assert "not this one" not in ended.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_a_print_never_fails_for_its_characters(encoding: str) -> None:
    act = r"print('\u2192 \udc80'); print('\u2192', file=sys.stderr)"
    environ = os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    command = [sys.executable, "-c", CHILD.format(act=act)]
    ended = subprocess.run(command, capture_output=True, env=environ, check=True)
    assert ended.stdout == b"\xe2\x86\x92 \\udc80\n"
    assert "\u2192" in ended.stderr.decode()


def test_a_line_that_cannot_be_shown_is_said_and_stops_nobody() -> None:
    act = "class Evil:\n    def __str__(self): raise SystemError\nours.error('it is %s', Evil())"
    ended = subprocess.run([sys.executable, "-c", CHILD.format(act=act)], capture_output=True, text=True, check=True)
    assert ended.stderr.splitlines()[1:] == [
        "ERROR livereduce.engine: this line cannot be shown: SystemError: 'it is %s'",
        "INFO livereduce.engine: two",
        "ERROR livereduce.engine: three",
    ]


def test_these_tests_have_left_the_loggers_alone() -> None:
    assert logging.getLogger("livereduce.engine").manager is logging.Logger.manager
