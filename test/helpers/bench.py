"""A builtin engine on a scripted stream, with products that are kept in memory instead of written."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from helpers.items import S_NS, ScriptedSource, event_batch
from livereduce.engine.builtin.engine import BuiltinEngine
from livereduce.engine.counting.binning import make_edges_ns
from livereduce.messages.beat import Phase
from livereduce.messages.job import Job, ScriptCopy
from livereduce.messages.progress import Progress
from livereduce.publish.product import Product
from livereduce.stream.items import EventBatch, Item, RunEnded, RunStarted, SourceLost

BINS_US = (0.0, 100.0, 1000.0)
EDGES_NS = make_edges_ns(*BINS_US)


class Shelf:
    """Products in memory."""

    def __init__(self) -> None:
        self.published: list[Product] = []
        self.figures: dict[int, str] = {}
        self.runs_ended: list[int] = []
        self.full = False
        self.seen: list[tuple[int, bool]] = []
        self.lacks: dict[int, str] = {}
        self.notes: tuple[str, ...] = ()

    def publish(self, product: Product) -> None:
        if self.full:
            raise OSError("No space left on device")
        self.published.append(product)

    def figure(self, run: int, html: str) -> None:
        self.figures[run] = html

    def in_run(self, run: int, *, joined: bool) -> None:
        self.seen.append((run, joined))

    def ended(self, run: int, incomplete: str = "") -> None:
        self.runs_ended.append(run)
        self.lacks[run] = incomplete

    def last_of(self, run: int) -> Product:
        return [product for product in self.published if product.run == run][-1]


@dataclass
class Bench:
    """An engine at work on a scripted stream."""

    source: ScriptedSource
    shelf: Shelf
    engine: BuiltinEngine = field(init=False)
    phases: list[Phase] = field(default_factory=list)
    told: list[Progress | None] = field(default_factory=list)
    now: float = 0.0

    def hear(self, phase: Phase, progress: Progress | None = None) -> None:
        self.phases.append(phase)
        self.told.append(progress)

    def turns(self, n: int = 1) -> Progress:
        for _ in range(n):
            progress = self.engine.poll(0.0)
        return progress

    def play(self, *reads: Sequence[Item] | SourceLost) -> Progress:
        """Every read followed by silence, so that each makes a chunk."""
        for read in reads:
            self.source.script += [read, []]
            progress = self.turns(2)
            self.now += 31
        return progress


def script(folder: Path, name: str, text: str) -> ScriptCopy:
    path = folder / name
    path.write_text(text)
    return ScriptCopy(path=str(path), copy=str(path), md5=hashlib.md5(text.encode()).hexdigest())


def job(folder: Path, *, proc: str = "", post_proc: str = "", **settings: Any) -> Job:
    plain = Job(
        generation=1,
        engine="builtin",
        instrument="POWGEN",
        short_name="PG3",
        source="scripted",
        update_every_s=30.0,
        preserve_events=True,
        accum_method="Add",
        periods=(),
        spectra=(),
        tof_bins_us=BINS_US,
        proc=None,
        post_proc=script(folder, "post.py", post_proc) if post_proc else None,
        script_dir=str(folder),
        state_dir=str(folder),
        runtime_dir=str(folder),
    )
    if proc:
        plain = replace(plain, proc=script(folder, "proc.py", proc))
    return replace(plain, **settings)


def bench(work: Job, *reads: Sequence[Item] | SourceLost) -> Bench:
    source, shelf = ScriptedSource(reads), Shelf()
    made = Bench(source, shelf)
    made.engine = BuiltinEngine(
        work, made.hear, open_source=lambda _: source, clock=lambda: made.now, products_in=lambda _: shelf
    )
    return made


def tell_nobody(phase: Phase, progress: Progress | None = None) -> None:
    """A `Tell` for engines that nobody listens to."""


def start(run: int, **facts: Any) -> RunStarted:
    return RunStarted(run=run, time_ns=S_NS, **facts)


def end(run: int) -> RunEnded:
    return RunEnded(run=run, time_ns=9 * S_NS)


def batch(run: int, *tof_us: float, pixel: int = 5, **more: Any) -> EventBatch:
    return event_batch(run, [round(t * 1000) for t in tof_us], [pixel] * len(tof_us), **more)
