"""What `livereduce try` prints of an attempt, line by line. Pure."""

from collections.abc import Iterator, Sequence

import numpy as np

from livereduce.commands.terminal.text_plot import curve
from livereduce.publish.difference import Comparison, Difference, in_words
from livereduce.publish.product import Product
from livereduce.workbench.attempts.attempt import Attempted
from livereduce.workbench.attempts.mistakes import mistakes
from livereduce.workbench.attempts.step_costs import StepCost
from livereduce.workbench.results import Result

LABEL = 16
MAX_TRACEBACK = 30
"""Most lines of a traceback."""
MAX_DRAWN = 4
"""Most results that are drawn."""
HEIGHT, LOW = 12, 6
"""Lines of the first curve, and of the others."""
MAX_ROWS = 20
"""Most rows of a table."""


def report(attempted: Attempted) -> Iterator[str]:
    """All lines on an attempt."""
    yield from _costs(attempted)
    yield from _failures(attempted)
    yield from _results(attempted.results)
    if attempted.progress is not None and not attempted.died:
        products = [result.product for result in attempted.results]
        found = mistakes(attempted.progress, products, attempted.first, attempted.played_events)
        yield from _list("surely a mistake", found)


def _costs(attempted: Attempted) -> Iterator[str]:
    progress, costs = attempted.progress, attempted.costs
    events = progress.total.events if progress else 0
    chunks = progress.total.chunks if progress else 0
    is_paced = attempted.job.one_run  # by Mantid's cycles: the rate says nothing of the scripts
    rate = f", {_rate(events, attempted.seconds)}" if events and not is_paced else ""
    yield _row("attempt", f"{_number(events)} events in {_number(chunks)} chunks, {attempted.seconds:.2f} s{rate}")
    for name, cost in (("proc", costs.proc), ("post_proc", costs.post_proc), ("publishing", costs.publish)):
        if cost.calls:
            yield _row(f"  {name}", _cost(cost, events if name == "proc" else 0))


def _cost(cost: StepCost, events: int) -> str:
    parts = [f"{_number(cost.calls)} call{'s' if cost.calls > 1 else ''}", f"{cost.seconds:.2f} s"]
    if events and cost.seconds > 0:
        parts.append(_rate(events, cost.seconds))
    if abs(cost.grew_bytes) >= 1e6:
        parts.append(f"memory {cost.grew_bytes / 1e6:+.0f} MB")
    return ", ".join(parts)


def _failures(attempted: Attempted) -> Iterator[str]:
    progress, failure = attempted.progress, attempted.failure
    if attempted.died:
        yield _row("ended", attempted.died)
    for reason in (attempted.reason, progress.run.incomplete if progress else ""):
        if reason:
            yield _row("incomplete", reason)
    if failure is not None:
        times = progress.total.script_errors if progress else 1
        yield ""
        yield f"{failure.step} failed{f' {times} times, the last time' if times > 1 else ''}: {failure.text}"
        yield from (f"  {line}" for line in failure.traceback.splitlines()[-MAX_TRACEBACK:])
    others = dict(progress.last_errors) if progress else {}
    for kind, text in others.items():
        if kind not in ("proc", "post_proc", "source") or failure is None:
            yield _row(kind, text)


def _results(results: Sequence[Result]) -> Iterator[str]:
    for number, result in enumerate(results[:MAX_DRAWN]):
        yield ""
        yield _row("result", f"{result.product.name}: {_shape(result.product)}, run {result.product.run}")
        yield _row("  file", str(result.path))
        yield from picture(result.product, HEIGHT if number == 0 else LOW)
    for result in results[MAX_DRAWN:]:
        yield _row("result", f"{result.product.name}: {_shape(result.product)}, {result.path}")


def picture(product: Product, height: int = HEIGHT) -> Iterator[str]:
    """A product as a curve, one of several spectra as their sum; or as a table, if its values have names."""
    signal = product.signal
    if product.labels and signal.ndim == 1:
        yield from _table(product)
        return
    if not signal.size:
        return
    if not signal.ndim:
        yield _row("  value", f"{float(signal):.6g} {product.units}".rstrip())
        return
    axis = product.axes[-1]
    with np.errstate(invalid="ignore"):
        values = np.nansum(signal.reshape(-1, signal.shape[-1]), axis=0)
    over = f"{axis.name}{f' ({axis.units})' if axis.units else ''}"
    if not np.any(values > 0):
        yield f"(nothing to draw over {over}: no value is above 0)"
        return
    label = f"{over}, {_number(product.events)} events"
    yield from curve(axis.values.tolist(), values.tolist(), height=height, label=label)


def _table(product: Product) -> Iterator[str]:
    for number, (label, value) in enumerate(zip(product.labels, product.signal, strict=False)):
        if number == MAX_ROWS:
            yield _row("", f"… and {len(product.signal) - MAX_ROWS} more")
            return
        error = f" ± {product.errors[number]:.3g}" if product.errors is not None else ""
        yield _row("", f"{label:<20} {value:.6g}{error} {product.units}".rstrip())


def comparison(found: Comparison, other: str) -> Iterator[str]:
    """Lines on the difference to other results."""
    yield ""
    yield f"against {other}"
    for one in found.differences:
        yield from _difference(one)
    for names, where in ((found.missing, f"only {other} has"), (found.extra, "only this attempt has")):
        if names:
            yield _row("", f"{where}: {', '.join(names)}")


def _difference(one: Difference) -> Iterator[str]:
    first, *others = in_words(one)
    yield _row(f"  {one.name}", first)
    yield from (_row("", line) for line in others)
    if one.chi2_per_n is not None and not one.is_none:
        yield from _deviation(one)


def _deviation(one: Difference) -> Iterator[str]:
    if not one.deviation.ndim:
        return
    rows = np.nan_to_num(np.abs(one.deviation)).reshape(-1, one.deviation.shape[-1])
    axis = one.axes[-1]
    label = f"deviation in sigma over {axis.name}{f' ({axis.units})' if axis.units else ''}"
    yield from curve(axis.values.tolist(), rows.max(axis=0).tolist(), height=LOW, label=label)


def _list(title: str, texts: Sequence[str]) -> Iterator[str]:
    if texts:
        yield ""
        yield f"{title}:"
        yield from (f"  - {text}" for text in texts)


def _row(label: str, text: str) -> str:
    return f"{label:<{LABEL}}{text}".rstrip()


def _shape(product: Product) -> str:
    lengths = " × ".join(map(_number, product.signal.shape))
    return f"{lengths} values" if lengths else "a value"


def _rate(events: int, seconds: float) -> str:
    rate = events / max(seconds, 1e-9)
    return f"{rate / 1e6:.3g} M events/s" if rate >= 1e5 else f"{rate:.3g} events/s"


def _number(count: int) -> str:
    return f"{count:,}"
