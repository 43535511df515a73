"""``livereduce try``: scripts on a run that is held, and what they cost, print and make of it."""

import logging
import shutil
import tempfile
from argparse import Namespace
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

from livereduce.base.errors import ExitCode
from livereduce.commands.children import INTERRUPTED, signals_as_interrupt
from livereduce.commands.trying.session import OWN, TrySession
from livereduce.workbench.attempts.bench import step_back


def try_scripts(options: Namespace, out: TextIO) -> int:
    """Try scripts, once or at each save; return 0, or 1 if a script has failed.

    Raises
    ------
    OperatorError
        The configuration, the scripts or the run cannot be used.
    """
    step_back()
    logging.basicConfig(format="! %(message)s", level=logging.WARNING)
    with _folder() as folder, signals_as_interrupt(), ExitStack() as left:
        try:
            return TrySession(options, folder, out, left).run()
        except KeyboardInterrupt:
            print("\nstopped", file=out, flush=True)
            return ExitCode.OK if options.watch or options.web else INTERRUPTED


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder for everything that attempts write; at the end only the results of the last one are left in it."""
    folder = Path(tempfile.mkdtemp(prefix="livereduce-try-"))
    try:
        yield folder
    finally:
        _remove_all_but_results(folder)


def _remove_all_but_results(folder: Path) -> None:
    kept = folder / OWN / "products"
    has_results = any(kept.glob("*/*.nxs"))
    for place in (folder, folder / OWN):
        for path in place.iterdir() if place.is_dir() else ():
            if has_results and path in (kept.parent, kept):
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
    if not has_results:
        shutil.rmtree(folder, ignore_errors=True)
