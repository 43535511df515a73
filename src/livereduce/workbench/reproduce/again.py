"""Make a result again and compare: keeps the process in which the scripts run, and says how it came out."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from livereduce.base.errors import ExitCode, OperatorError
from livereduce.publish.product import Product
from livereduce.publish.products.file import read_product
from livereduce.publish.products.provenance import read_provenance
from livereduce.publish.provenance import Origin, Provenance
from livereduce.scripting.parameters.named_files import md5_at
from livereduce.workbench.reproduce.compare import differences
from livereduce.workbench.reproduce.recompute import Recomputed, read_outcome

PRINTED = 20
"""Most lines of what the scripts have printed that are shown if they end the process."""

RESULT_FILE = "result.nxs"
"""The product that has a provenance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduced:
    """How a result came out when it was made again.

    Attributes
    ----------
    differs
        What is different, a sentence each; empty: all bits are the same.
    why
        Why it may be: what the file has said itself, and what has changed since.
    values
        Number of values that were compared.
    """

    differs: tuple[str, ...]
    why: tuple[str, ...]
    values: int = 0

    @property
    def exit_code(self) -> int:
        """0 identical, 1 different."""
        return ExitCode.DEGRADED if self.differs else ExitCode.OK


def reproduce(result: Path, source: str) -> Reproduced:
    """Make the result in a file again from a source.

    Parameters
    ----------
    source
        URL of a recording or an event file.

    Raises
    ------
    OperatorError
        It cannot be made again: says why.
    """
    provenance = provenance_of(result)
    product = _product(result)
    with tempfile.TemporaryDirectory(prefix="livereduce-reproduce-") as place:
        folder = Path(place)
        outcome = _recomputed(result, source, folder)
        made = folder / "state" / "products" / str(provenance.position.run) / result.name
        if not made.exists():
            raise OperatorError(f"no result came of it: {_all(outcome.errors) or 'the scripts made none'}")
        found = differences(product, _product(made))
    reasons = (*provenance.notes, *changed_since(provenance.origin, outcome.versions), *_short(outcome))
    if outcome.errors:
        reasons += (f"it ended with errors: {_all(outcome.errors)}",)
    return Reproduced(differs=found, why=reasons, values=product.signal.size)


def provenance_of(result: Path) -> Provenance:
    """The provenance of a result that can be made again.

    Raises
    ------
    OperatorError
        It has none, or one that says that it cannot.
    """
    try:
        provenance = read_provenance(result)
    except (OSError, ValueError) as error:
        raise _unreadable(result, error) from None
    if provenance is None:
        beside = result.with_name(RESULT_FILE)
        if result.name != RESULT_FILE and beside.exists():
            raise OperatorError(f"{result} was reported beside a result: what made both is in that, so name {beside}")
        raise OperatorError(f"{result} does not say what made it: it was written by an older version")
    said = "; ".join(provenance.notes)
    engine = provenance.origin.settings.get("engine")
    if engine != "builtin":
        raise OperatorError(f"{result} was made by the engine {engine}: only results of builtin can be made again")
    if provenance.cuts is None:
        raise OperatorError(f"{result} cannot be made again: {said}")
    if not provenance.position.from_start:
        raise OperatorError(f"{result} cannot be made again, the run was joined after its start: {said}")
    return provenance


def _product(path: Path) -> Product:
    try:
        return read_product(path)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> OperatorError:
    return OperatorError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}")


def _recomputed(result: Path, source: str, folder: Path) -> Recomputed:
    work = folder / "work"
    work.mkdir()
    arguments = (str(result.absolute()), source, str(folder))
    command = [sys.executable, "-P", "-m", "livereduce.workbench.reproduce", *arguments]
    with (folder / "output.txt").open("w+b") as output:
        # unbuffered: what a script has printed before it ends the process is the reason that people see
        environ = {**os.environ, "PYTHONUNBUFFERED": "1"}
        ended = subprocess.run(
            command, cwd=work, env=environ, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False
        )
        output.seek(0)
        printed = output.read()[-20_000:].decode(errors="replace").splitlines()[-PRINTED:]
    outcome = read_outcome(folder)
    if outcome is None:
        what = f"a signal ({-ended.returncode})" if ended.returncode < 0 else f"code {ended.returncode}"
        raise OperatorError(f"the process that ran the scripts was ended by {what}:", *printed)
    if outcome.problem:
        raise OperatorError(outcome.problem)
    return outcome


def _all(errors: dict[str, str]) -> str:
    return "; ".join(f"{step}: {text}" for step, text in errors.items())


def _short(outcome: Recomputed) -> tuple[str, ...]:
    return tuple(f"the source has {count} values less of {name}" for name, count in outcome.short.items())


def changed_since(origin: Origin, versions: Mapping[str, str]) -> tuple[str, ...]:
    """A sentence on each version, and each file that the parameters name, that is another one now.

    Parameters
    ----------
    versions
        Those of now.
    """
    now = {path: md5_at(Path(path)) for path in origin.named_files}
    others = [(name, then) for name, then in origin.versions.items() if versions.get(name, then) != then]
    files = [path for path, then in origin.named_files.items() if now[path] != then]
    return (
        *(f"{name} was {then}, now {versions[name]}" for name, then in others),
        *(f"{path} {'has changed since' if now[path] else 'cannot be read any more'}" for path in files),
    )
