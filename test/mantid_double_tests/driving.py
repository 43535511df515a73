"""Drives the double inside the test's own process: imported once, as if fresh for each test, and gone between them."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from helpers.paths import ROOT

DOUBLE = ROOT / "test" / "mantid_double"
PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Double:
    """The controls of the double for one test."""

    folder: Path
    patch: pytest.MonkeyPatch

    def stream(self, *items: dict[str, Any], **keys: Any) -> None:
        """Say what the server sends from the next connection on."""
        self.patch.setenv("LIVEREDUCE_DOUBLE_STREAM", json.dumps({**keys, "items": items}))

    def switch(self, words: str) -> None:
        self.patch.setenv("LIVEREDUCE_DOUBLE", words)

    def records(self, what: str) -> list[dict[str, Any]]:
        """The lines of one kind in the record."""
        path = self.folder / "record"
        lines = path.read_text().splitlines() if path.is_file() else []
        return [line for line in map(json.loads, lines) if line["what"] == what]

    def script(self, text: str, name: str = "script.py") -> str:
        """A script file; its path."""
        path = self.folder / name
        path.write_text(text)
        return str(path)


def start(instrument: str = "REF_M", **keywords: Any) -> None:
    """StartLiveData as livereduce calls it: from the start of the run, a short cycle."""
    from mantid.kernel import ConfigService
    from mantid.simpleapi import StartLiveData

    ConfigService.setFacility(ConfigService.getInstrument(instrument).facility().name())
    given: dict[str, Any] = {"FromNow": False, "FromStartOfRun": True, "UpdateEvery": 0.01, "OutputWorkspace": "result"}
    given |= keywords
    StartLiveData(Instrument=instrument, **given)


def until(condition: Callable[[], Any], what: str) -> Any:
    """Wait for something to become true."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.005)
    pytest.fail(f"waited {PATIENCE_S} s in vain: {what}")


def monitors() -> list[Any]:
    """The monitors that are running."""
    from mantid.api import AlgorithmManager

    return AlgorithmManager.runningInstancesOf("MonitorLiveData")


def until_ended() -> None:
    until(lambda: not monitors(), "the monitor ends")


def fresh(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Double]:
    """The double importable and untouched; what runs afterwards is cancelled."""
    (folder / ".mantid").mkdir()
    (folder / ".mantid" / "Mantid.user.properties").write_text("logging.loggers.root.level = warning\n")
    patch.syspath_prepend(str(DOUBLE))
    patch.setenv("HOME", str(folder))
    patch.setenv("LIVEREDUCE_DOUBLE_TIME_SCALE", "0.01")
    patch.setenv("LIVEREDUCE_DOUBLE_RECORD", str(folder / "record"))
    patch.delenv("LIVEREDUCE_DOUBLE", raising=False)
    patch.delenv("LIVEREDUCE_DOUBLE_STREAM", raising=False)
    sys.modules.update(_shelf)
    if _shelf:
        from mantid._double.reset import reset

        reset()
    yield Double(folder=folder, patch=patch)
    patch.setenv("LIVEREDUCE_DOUBLE", "")
    from mantid.api import AlgorithmManager

    AlgorithmManager.shutdown()
    for name in [name for name in sys.modules if name.partition(".")[0] == "mantid"]:
        _shelf[name] = sys.modules.pop(name)


_shelf: dict[str, ModuleType] = {}
"""The double's modules between two tests: no other test is to find a `mantid` imported."""


def run_program(text: str, folder: Path, stream: dict[str, Any], switches: str = "") -> subprocess.Popen[str]:
    """A program in a process of its own, with the double on its path."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(DOUBLE),
        "HOME": str(folder),
        "LIVEREDUCE_DOUBLE": switches,
        "LIVEREDUCE_DOUBLE_STREAM": json.dumps(stream),
        "LIVEREDUCE_DOUBLE_TIME_SCALE": "0.01",
        "LIVEREDUCE_DOUBLE_RECORD": str(folder / "record"),
    }
    (folder / "program.py").write_text(text)
    command = [sys.executable, str(folder / "program.py")]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
