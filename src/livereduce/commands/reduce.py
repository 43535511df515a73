"""``livereduce reduce RUNS…``: many files or recordings to products, with the scripts of a configuration."""

import os
import sys
import time
from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from livereduce.base.errors import ExitCode, OperatorError
from livereduce.base.source_urls import file_url
from livereduce.commands.children import INTERRUPTED, signals_as_interrupt
from livereduce.commands.terminal.progress_bar import ProgressBar
from livereduce.config.file import read_file
from livereduce.preflight.host import look_at_host
from livereduce.preflight.resolve import Resolved, complete, survey
from livereduce.scripting.parsing import Parser, look_to_the_end
from livereduce.workbench.reducing import crew
from livereduce.workbench.reducing.inputs import RunInput, inputs_of
from livereduce.workbench.reducing.ledger import is_reduced, keep, made_by, read_entry
from livereduce.workbench.reducing.task import ReduceTask


def reduce(options: Namespace, out: TextIO) -> int:
    """Reduce all that is not reduced yet; the exit code is 1 if some of it failed, 130 if it was ended before.

    Raises
    ------
    OperatorError
        Configuration, scripts, runs or scheduler cannot be used.
    """
    folder: Path = options.out.absolute()
    if options.dask:
        crew.scheduler_address(options.dask)
    resolved, inputs = _resolved(options, folder)
    scripts = made_by(resolved)
    todo = {one.name: one for one in inputs if not is_reduced(read_entry(folder / one.name), one, scripts)}
    if len(todo) < len(inputs):
        print(f"{len(inputs) - len(todo)} of {len(inputs)} runs are reduced already", file=out)
    tasks = {name: ReduceTask(resolved=resolved, path=str(one.path)) for name, one in todo.items()}
    try:
        with signals_as_interrupt():  # else a task would be left behind, with its folder
            failures = _do(tasks, todo, options, folder, scripts, out) if tasks else {}
    except KeyboardInterrupt:
        print(f"\nstopped; products are in {folder}, and what is missing is made when this is started again", file=out)
        return INTERRUPTED
    print(f"products are in {folder}", file=out)
    for name, why in failures.items():
        print(f"{name}: {why}", file=sys.stderr)
    return ExitCode.DEGRADED if failures else ExitCode.OK


def _resolved(options: Namespace, folder: Path) -> tuple[Resolved, tuple[RunInput, ...]]:
    reading = read_file(options.config)
    if reading.problems:
        raise OperatorError(*reading.problems)
    recordings = options.recordings or reading.config.record_dir
    inputs = inputs_of(options.runs, recordings.absolute() if recordings else None, "")
    config = replace(
        reading.config,
        engine="builtin",
        source=file_url(str(inputs[0].path)),
        publish_config=None,  # what is made here again is nobody's live result
        runtime_dir=folder,
        state_dir=folder,
        script_dir=options.scripts.absolute() if options.scripts else reading.config.script_dir,
    )
    host = look_at_host(os.environ, Path.cwd())
    parser = Parser()
    try:
        found = look_to_the_end(parser, lambda parse: survey(config, host, parse=parse))
    finally:
        parser.end()
    return complete(found), inputs


def _do(
    tasks: dict[str, ReduceTask],
    inputs: dict[str, RunInput],
    options: Namespace,
    folder: Path,
    scripts: str,
    out: TextIO,
) -> dict[str, str]:
    """Do the tasks and keep their products; the failures by name."""
    failures: dict[str, str] = {}
    outcomes = crew.on_cluster(tasks, options.dask) if options.dask else crew.here(tasks, options.jobs)
    with ProgressBar(len(tasks), out, time.monotonic) as bar:
        for name, reduced in outcomes:
            try:
                entry = keep(folder / name, reduced, inputs[name], scripts)
                why = entry.failure
            except OSError as error:
                why = f"its products cannot be written: {error}"
            if why:
                failures[name] = why
            bar.done(
                f"{name}: {why or f'run {reduced.run}, {reduced.events:,} events'}", reduced.seconds, failed=bool(why)
            )
    return failures
