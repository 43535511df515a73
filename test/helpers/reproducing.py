"""Results made again in a batch: ``python reproducing.py`` reads lines of RESULT, SOURCE and FOLDER, separated by tabs.

What makes one again is what ``livereduce reproduce`` starts as a process; here it is forked from one that has loaded
everything, since fifty starts would take minutes.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from helpers.paths import ROOT
from livereduce.engine.builtin.loading import load_everything
from livereduce.publish.products.file import read_product
from livereduce.publish.products.provenance import read_provenance
from livereduce.publish.provenance import Provenance
from livereduce.workbench.reproduce.compare import differences
from livereduce.workbench.reproduce.recompute import Recomputed, main, read_outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeAgain:
    """How one came out; `differs` has a sentence too if it could not be made."""

    result: Path
    provenance: Provenance
    outcome: Recomputed | None
    differs: tuple[str, ...]


def made_again(sources: Mapping[Path, str], folder: Path, environ: Mapping[str, str]) -> list[MadeAgain]:
    """Make all results again, each from its source."""
    places = {result: folder / f"{number:03d}" for number, result in enumerate(sources)}
    for place in places.values():
        (place / "work").mkdir(parents=True)
    lines = [f"{result}\t{source}\t{places[result]}\n" for result, source in sources.items()]
    environ = {**environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT / 'test'}"}
    with (folder / "output.txt").open("w") as output:
        command = [sys.executable, __file__]
        subprocess.run(command, input="".join(lines), text=True, env=environ, stdout=output, stderr=output, check=True)
    return [_came_out(result, places[result]) for result in sources]


def _came_out(result: Path, folder: Path) -> MadeAgain:
    provenance, outcome = read_provenance(result), read_outcome(folder)
    assert provenance is not None
    made = folder / "state" / "products" / str(provenance.position.run) / "result.nxs"
    if made.exists():
        differs = differences(read_product(result), read_product(made))
    else:
        differs = (f"no result came of it: {outcome}",)
    return MadeAgain(result=result, provenance=provenance, outcome=outcome, differs=differs)


def make_all(lines: Sequence[str]) -> None:
    """In the child: each in a fork, one after the other."""
    load_everything(print)
    for line in lines:
        result, source, folder = line.split("\t")
        child = os.fork()
        if not child:
            os.chdir(f"{folder}/work")
            main([result, source, folder])
        os.waitpid(child, 0)


if __name__ == "__main__":
    make_all(sys.stdin.read().splitlines())
