"""The golden table: figures of Mantid's algorithms, asked of the Mantid that is there.

``python golden.py`` runs every case on the real Mantid of this python and prints a line each, ``--builtin`` on
livereduce's engine; ``--pack golden.pyz`` makes one file of it all, for a machine without livereduce. Exit status 1: a
figure differs.

Each file ``cases_<family>.py`` beside this one has functions ``case_…(api, expect)``. `api` is ``mantid.simpleapi``;
``expect(what, seen, figure, tolerance)`` notes a figure, and ``expect.raises(what, kind, call)`` an error. The
docstring begins with the algorithm and a colon, and says where the figure is from. A case uses Mantid's public names
only.
"""

import argparse
import importlib.util
import pkgutil
import sys
import traceback
import zipapp
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

HERE = str(Path(__file__).parent)


@dataclass
class Expect:
    """The figures of one case.

    Attributes
    ----------
    wrong
        A sentence for each figure that differs.
    figures
        Number of figures that were compared.
    """

    wrong: list[str] = field(default_factory=list)
    figures: int = 0

    def __call__(self, what: str, seen: Any, figure: Any, tolerance: float = 0.0) -> None:
        """Compare: numbers to ``tolerance * max(1, |figure|)``, NaN equal to NaN; other values exactly."""
        self.figures += 1
        if not _agree(seen, figure, tolerance):
            self.wrong.append(f"{what} is {_short(seen)}, expected {_short(figure)} (tolerance {tolerance:g})")

    def raises(self, what: str, kinds: type[Exception] | tuple[type[Exception], ...], call: Callable[[], Any]) -> None:
        """Expect that a call raises one of these errors."""
        self.figures += 1
        try:
            call()
        except kinds:
            return
        except Exception as error:  # noqa: BLE001 (the table goes on)
            self.wrong.append(f"{what} raises {type(error).__name__}: {error}")
        else:
            self.wrong.append(f"{what} raises nothing")


def _agree(seen: Any, figure: Any, tolerance: float) -> bool:
    if isinstance(figure, str | bool) or figure is None:
        return bool(seen == figure)
    try:
        one, two = np.asarray(seen, float), np.asarray(figure, float)
    except (TypeError, ValueError):
        return list(seen) == list(figure)
    if one.shape != two.shape:
        return False
    with np.errstate(invalid="ignore"):
        close = np.abs(one - two) <= tolerance * np.maximum(1, np.abs(two))
    return bool(np.all((close & np.isfinite(two)) | (one == two) | (np.isnan(one) & np.isnan(two))))


def _short(value: Any) -> str:
    text = np.array2string(np.asarray(value), precision=12, threshold=60) if np.ndim(value) else repr(value)
    return " ".join(text.split())


@dataclass(frozen=True)
class Case:
    """One row of the table."""

    family: str
    name: str
    run: Callable[[Any, Expect], None]

    @property
    def title(self) -> str:
        """Algorithm and case, from the first sentence of the docstring."""
        return " ".join((self.run.__doc__ or self.name).split()).partition(". ")[0].rstrip(".")

    def outcome(self, api: Any) -> Expect:
        """Run it in an empty store; an error is a figure that differs."""
        expect = Expect()
        if hasattr(api, "mtd"):
            api.mtd.clear()
        try:
            self.run(api, expect)
        except Exception as error:  # noqa: BLE001 (the table goes on)
            steps = [step for step in traceback.extract_tb(error.__traceback__) if "cases_" in step.filename]
            expect.wrong.append(f"line {steps[-1].lineno if steps else '?'}: {type(error).__name__}: {error}")
        return expect


def all_cases(folder: str = HERE) -> Iterator[Case]:
    """The cases of all files beside this one, also within a packed file."""
    for module in pkgutil.iter_modules([folder]):
        if not module.name.startswith("cases_"):
            continue
        spec = module.module_finder.find_spec(module.name, None)
        if spec is None or spec.loader is None:
            raise ImportError(f"{module.name} cannot be read from {folder}")
        loaded = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(loaded)
        for name, value in vars(loaded).items():
            if name.startswith("case_"):
                yield Case(module.name.removeprefix("cases_"), name, value)


def table(api: Any, wanted: str = "") -> int:
    """Print a line a case, and what differs; the number of cases that failed."""
    failed = total = 0
    for case in all_cases():
        if wanted.casefold() not in f"{case.name} {case.title}".casefold():
            continue
        seen = case.outcome(api)
        total += 1
        failed += bool(seen.wrong)
        print(f"{'FAIL' if seen.wrong else 'pass'}  {case.title} ({seen.figures} figures)")
        for sentence in seen.wrong:
            print(f"      {sentence}")
    print(f"{total - failed} of {total} cases pass")
    return failed


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the table; see the top of this file."""
    parser = argparse.ArgumentParser(description="Compare Mantid's algorithms with known figures.")
    parser.add_argument("case", nargs="?", default="", help="only cases with this text in their name")
    parser.add_argument("--builtin", action="store_true", help="ask the builtin engine of livereduce")
    parser.add_argument("--pack", metavar="FILE", help="write all of this to one file instead")
    chosen = parser.parse_args(arguments)
    if chosen.pack:
        zipapp.create_archive(HERE, chosen.pack, main="golden:finish", filter=lambda path: path.suffix == ".py")
        return 0
    if chosen.builtin:
        from livereduce.engine.mantid_api import hook

        hook.install()
    import mantid.simpleapi

    return 1 if table(mantid.simpleapi, chosen.case) else 0


def finish() -> None:
    """Run the table, and end with its exit status."""
    sys.exit(main())


if __name__ == "__main__":
    finish()
