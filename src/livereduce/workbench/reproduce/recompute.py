"""Make a result again, in a process of its own: its scripts are run on the same chunks of the same run."""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from livereduce.base.errors import ExitCode, OperatorError
from livereduce.base.fields import checked
from livereduce.engine.builtin.engine import reductions_of
from livereduce.engine.builtin.live import Reduction
from livereduce.publish.products.folder import Products
from livereduce.publish.products.provenance import read_provenance
from livereduce.publish.provenance import Cuts, Provenance, versions_of
from livereduce.publish.publisher import outlet_of
from livereduce.scripting.module_finder import let_scripts_import
from livereduce.stream.items import Item, Source, SourceLost, StartFrom
from livereduce.stream.recut import Quota, Recut, Shortage
from livereduce.stream.sources import source_of
from livereduce.workbench.reproduce.old_job import job_from

OUTCOME = "outcome.json"
"""The file in the folder that says how it went."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recomputed:
    """How it went.

    Attributes
    ----------
    problem
        Why there is no result; empty if there is one.
    errors
        What failed last in each step, by step.
    short
        Values of logs and beam monitors that the source did not have, by name.
    versions
        Of what has computed.
    """

    problem: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    short: dict[str, int] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)


def main(arguments: Sequence[str]) -> int:
    """Make the result of a file again from a source, in a folder; the outcome is a file there."""
    result, source, folder = arguments
    outcome = _outcome(Path(result), source, Path(folder))
    (Path(folder) / OUTCOME).write_text(json.dumps(asdict(outcome)))
    sys.stdout.flush()
    os._exit(ExitCode.OK)  # whatever threads the scripts have left


def read_outcome(folder: Path) -> Recomputed | None:
    """How it went; None if the process has not said so."""
    try:
        return checked(Recomputed, json.loads((folder / OUTCOME).read_text()))
    except (OSError, ValueError):
        return None


def _outcome(result: Path, source: str, folder: Path) -> Recomputed:
    try:
        provenance = read_provenance(result)
        assert provenance is not None
        assert provenance.cuts is not None
        return recompute(provenance, provenance.cuts, source_of(source), folder)
    except (OperatorError, Shortage, SourceLost) as error:
        return Recomputed(problem=str(error))


def recompute(provenance: Provenance, cuts: Cuts, source: Source, folder: Path) -> Recomputed:
    """Make the result again in this process; its products are below the folder.

    Raises
    ------
    OperatorError
        The scripts or settings cannot be used.
    Shortage
        The source has fewer pulses.
    SourceLost
        It cannot be read now.
    """
    job, position = job_from(provenance.origin, folder), provenance.position
    let_scripts_import(job.script_dir, job.modules, job.missing)
    outlet = outlet_of(job, Products(Path(job.state_dir)))
    (reduction,) = reductions_of(job, outlet, lambda _: None, lambda *_: None)
    recut = Recut(position.run, position.start_ns, quotas_of(cuts))
    source.open(StartFrom.RUN_START)
    try:
        for number, chunk in enumerate(recut.chunks(_items(source)), start=1):
            if number == len(cuts.chunks):
                chunk = replace(chunk, ends_run=position.ended, end_ns=position.end_ns)
            reduction.take(chunk)
    finally:
        source.close()
        outlet.close()
    versions = versions_of(job.engine)
    return Recomputed(errors=_errors(reduction, outlet.problems), short=recut.short, versions=versions)


def _errors(reduction: Reduction, problems: Mapping[str, str]) -> dict[str, str]:
    internal = {"internal": reduction.contained.last} if reduction.contained.last else {}
    return {**reduction.errors, **internal, **problems}


def _items(source: Source) -> Iterator[Item]:
    while True:
        try:
            yield from source.read(1.0)
        except SourceLost as lost:
            if lost.retry:
                raise
            return


def quotas_of(cuts: Cuts) -> list[Quota]:
    """What each chunk holds."""
    values: list[dict[str, int]] = [{} for _ in range(len(cuts.chunks))]
    for number, name, count in cuts.counts.tolist():
        values[number][cuts.names[name]] = values[number].get(cuts.names[name], 0) + count
    pulses = cuts.chunks[:, 0].tolist()
    return [Quota(pulses=number, values=of) for number, of in zip(pulses, values, strict=True)]
