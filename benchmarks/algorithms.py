"""Mantid's algorithms on the builtin engine, beside a kernel by hand and beside the same written with scipp.

Every figure is the median of 5, its reference measured in the same run, and the counts of both are equal. On a machine
that others use too, believe the ratios rather than the rates.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from algorithm_bench import (
    BINS_US,
    D_PARAMS,
    NOMAD_FOCUS,
    PLAIN_FOCUS,
    SPANS_OF_TEMPERATURE,
    Bench,
    focused,
    rebinned_sum,
    store,
    sum_in_d,
    sum_of_good,
    sum_of_normalised,
)
from algorithm_memory import peak_over_events
from measure import Row, show

EVENTS = 10_000_000


def rebin_and_sum(bench: Bench) -> Iterator[Row]:
    """At most 1.05 times as long as the kernel by hand, and 10 ms."""
    from livereduce.engine.counting.binning import Binning, make_edges_ns
    from livereduce.engine.counting.histogram import Histogram

    binning = Binning(make_edges_ns(*BINS_US))
    workspace = bench.beam.workspace()

    def ours() -> Any:
        return rebinned_sum(bench, workspace)

    def by_hand() -> Any:
        histogram = Histogram(binning, None)
        histogram.add(bench.beam.events)
        return histogram.counts().counts[0]

    np.testing.assert_array_equal(ours(), by_hand())
    row = bench.row("Rebin, SumSpectra", ours, "the kernel by hand", by_hand)
    limit = 1.05 * float(row.more["reference ms"]) + 10
    yield replace(row, more={**row.more, "limit ms": limit})


def focus(bench: Bench) -> Iterator[Row]:
    """At least 5 times as fast as scipp, and 25 million events a second."""
    from livereduce.engine.matrix.bins.edges import edges_of
    from powder_beam import GROUPS
    from scipp_forms import aligned_and_focused

    workspace, edges = bench.beam.workspace(), edges_of(D_PARAMS)

    def ours() -> Any:
        return focused(bench, workspace, **PLAIN_FOCUS)

    def theirs() -> Any:
        return aligned_and_focused(bench.table, bench.beam, edges)

    counts, result = theirs(), ours()
    for group in range(GROUPS):
        np.testing.assert_array_equal(result.readY(group), counts[group])
    yield bench.row(
        f"AlignAndFocusPowder, {GROUPS} x {len(edges) - 1} bins", ours, "scipp: transform, group, hist", theirs
    )
    nomad = focused(bench, workspace, **NOMAD_FOCUS)
    yield bench.row(
        "AlignAndFocusPowder, NOMAD's arguments",
        lambda: focused(bench, workspace, **NOMAD_FOCUS).readY(0),
        "scipp: transform, group, hist",
        theirs,
        **{"events left": nomad.getNumberEvents() / bench.events},
    )


def filter_by_log(bench: Bench) -> Iterator[Row]:
    """The events of the times at which a log is good, and their sum."""
    from livereduce.engine.matrix.bins.edges import edges_of
    from livereduce.engine.selecting.pulses import run_span
    from livereduce.engine.workspaces.time_spans import spans_of_good
    from scipp_forms import of_times, summed

    workspace, edges = bench.beam.workspace(), edges_of(BINS_US)
    low, high = SPANS_OF_TEMPERATURE

    def ours() -> Any:
        return sum_of_good(bench, workspace)

    temperature = workspace.logs["SampleTemp"]
    values = np.asarray(temperature.value)
    good = (values >= low) & (values <= high)
    assert temperature.times_ns is not None
    spans = spans_of_good(temperature.times_ns, good, 0, is_centred=True, run_ns=run_span(workspace.logs))
    np.testing.assert_array_equal(ours(), summed(of_times(bench.table, spans), edges))
    yield bench.row(
        "FilterByLogValue, Rebin, SumSpectra",
        ours,
        "scipp: select, hist",
        lambda: summed(of_times(bench.table, spans), edges),
    )


def compress(bench: Bench) -> Iterator[Row]:
    """Events of each pixel that agree within 10 µs."""
    from scipp_forms import grouped_and_sorted

    workspace = bench.beam.workspace()

    def ours() -> Any:
        return bench.api.CompressEvents(workspace, Tolerance=10.0, OutputWorkspace="compressed")

    left = ours().getNumberEvents()
    yield bench.row(
        "CompressEvents, each pixel",
        ours,
        "scipp: sort and group alone",
        lambda: grouped_and_sorted(bench.table),
        **{"events left": left / bench.events},
    )


def normalise(bench: Bench) -> Iterator[Row]:
    """Weights over the charge, and the sum."""
    from livereduce.engine.matrix.bins.edges import edges_of
    from scipp_forms import normalised, summed

    workspace, edges = bench.beam.workspace(), edges_of(BINS_US)
    charge = workspace.logs.getProtonCharge()

    def ours() -> Any:
        return sum_of_normalised(bench, workspace)

    def theirs() -> Any:
        return summed(normalised(bench.table, charge), edges)

    np.testing.assert_allclose(ours(), theirs(), rtol=1e-6)
    yield bench.row("NormaliseByCurrent, Rebin, SumSpectra", ours, "scipp: divide, hist", theirs)


def convert(bench: Bench) -> Iterator[Row]:
    """X of all events in d, by the positions of their pixels, and the sum."""
    import scipp as sc

    from livereduce.engine.matrix.bins.edges import edges_of
    from scipp_forms import in_d_spacing

    workspace, edges = bench.beam.workspace(), edges_of(D_PARAMS)

    def ours() -> Any:
        return sum_in_d(bench, workspace)

    def theirs() -> Any:
        return in_d_spacing(bench.table, bench.beam).hist(d=sc.array(dims=["d"], values=edges, unit="angstrom")).values

    # a handful of events lie on an edge, and the two formulas round them to either side
    assert np.abs(np.cumsum(ours() - theirs())).max() <= 1e-6 * bench.events
    yield bench.row("ConvertUnits, Rebin, SumSpectra", ours, "scipp: transform, hist", theirs)


ROWS: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "rebin": rebin_and_sum,
    "focus": focus,
    "filter": filter_by_log,
    "compress": compress,
    "normalise": normalise,
    "convert": convert,
}


def main() -> int:
    """Measure the rows asked for, all by default."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="rows as JSON")
    parser.add_argument("--events", type=int, default=EVENTS, help="number of events (%(default)s)")
    parser.add_argument("--cores", type=int, help="run on so many cores, scipp too (all)")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(ROWS)} (all)")
    options = parser.parse_args()
    if unknown := set(options.rows) - set(ROWS):
        parser.error(f"unknown row {', '.join(sorted(unknown))}; expected {', '.join(ROWS)}")
    if options.cores:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.cores])
    with tempfile.TemporaryDirectory() as kernels:
        os.environ.setdefault("NUMBA_CACHE_DIR", kernels)
        rows = []
        for row in _measured(options.rows or list(ROWS), options.events):
            rows.append(row)
            if not options.json:
                show([row], as_json=False)
    if options.json:
        show(rows, as_json=True)
    return 0


def _measured(names: list[str], events: int) -> Iterator[Row]:
    with store(), tempfile.TemporaryDirectory() as folder:
        bench = Bench(events, folder)
        cores = len(os.sched_getaffinity(0))
        for name in names:
            peak = peak_over_events(name, events)
            for row in ROWS[name](bench):
                yield replace(row, more={**row.more, "cores": cores, "peak / events": peak})


if __name__ == "__main__":
    sys.exit(main())
