"""Scripts on the builtin engine: what they did, and why they failed."""

from pathlib import Path
from typing import Any

from helpers.bench import Bench, batch, bench, end, job, start


def reduced_by(folder: Path, proc: str = "", post_proc: str = "", **settings: Any) -> Bench:
    """An engine that has reduced one run of two chunks with these scripts; a failure of a script is the test's."""
    made = tried(folder, proc, post_proc, **settings)
    errors = made.engine.poll(0.0).last_errors
    assert not errors, errors
    return made


def tried(folder: Path, proc: str = "", post_proc: str = "", **settings: Any) -> Bench:
    """The same, whatever the scripts do."""
    made = bench(job(folder, proc=proc, post_proc=post_proc, **settings))
    made.play([start(5), batch(5, 1, 2)], [batch(5, 3, 4)], [end(5)])
    return made


def error_of(folder: Path, proc: str) -> str:
    """The error of a proc, as status and log have it."""
    return tried(folder, proc).engine.poll(0.0).last_errors["proc"]
