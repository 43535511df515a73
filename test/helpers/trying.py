"""A folder with an event file, scripts and a configuration, as somebody has who tries scripts."""

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path

from helpers.engines import DOUBLE, KEEP, REBIN
from helpers.event_files import irregular_file
from livereduce.workbench.attempts.arguments import add_arguments

EVENTS = 1453
"""Of the event file."""
PROC = "reduce_TEST_live_proc.py"
GOOD = "print('proc of', input.events.n, 'events')\noutput = input * 1\n"


def tried_folder(folder: Path, **settings: object) -> Path:
    """The configuration in it."""
    irregular_file(folder / "run.nxs.h5")
    save(folder, GOOD)
    what = {"instrument": "TEST", "engine": "builtin", "source": "adara://localhost:1"}
    return configured(folder, what | settings)


def configured(folder: Path, settings: dict[str, object]) -> Path:
    """A configuration with its own places in a folder."""
    places: dict[str, object] = {
        "script_dir": str(folder / "scripts"),
        "runtime_dir": str(folder / "run"),
        "state_dir": str(folder / "service"),
        "update_every": 0.3,
    }
    (folder / "livereduce.conf").write_text(json.dumps(places | settings))
    return folder / "livereduce.conf"


def save(folder: Path, text: str, place: str = "scripts", name: str = PROC) -> Path:
    """Save a script; its path."""
    (folder / place).mkdir(exist_ok=True)
    path = folder / place / name
    path.write_text(text)
    return path


def options(folder: Path, *words: str) -> Namespace:
    """The options of ``livereduce try`` on the event file."""
    parser = ArgumentParser()
    add_arguments(parser)
    on = () if "--on" in words else ("--on", str(folder / "run.nxs.h5"))
    return parser.parse_args([str(folder / "livereduce.conf"), *on, *words])


MANTID_PROC, MANTID_POST_PROC = "reduce_PG3_live_proc.py", "reduce_PG3_live_post_proc.py"
MANTID_GOOD = "print('proc of', input.getNumberEvents(), 'events')\n" + REBIN


def mantid_folder(folder: Path, *, era: str = "A", **settings: object) -> Path:
    """The same for the mantid engine, whose double stands for Mantid; the configuration in it."""
    irregular_file(folder / "run.nxs.h5")
    save(folder, MANTID_GOOD, name=MANTID_PROC)
    save(folder, KEEP, name=MANTID_POST_PROC)
    (folder / "stream.json").write_text(json.dumps({"adara": True, "spectra": 16, "era": era, "items": []}))
    return configured(folder, {"instrument": "POWGEN", "engine": "mantid"} | settings)


def mantid_environ(folder: Path) -> dict[str, str]:
    """The variables with which a Python in that folder finds the double."""
    return {
        "PYTHONPATH": str(DOUBLE),
        "HOME": str(folder),
        "LIVEREDUCE_DOUBLE_STREAM": str(folder / "stream.json"),
        "LIVEREDUCE_DOUBLE_TIME_SCALE": "0.05",
    }
