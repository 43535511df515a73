"""Instruments that are only files: a configuration, a snapshot and products, as a daemon and its worker leave them."""

import json
import os
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from helpers.progress import changed
from livereduce.messages.beat import Phase
from livereduce.messages.progress import Progress, RunProgress, RunState, SourceProgress, TotalProgress
from livereduce.messages.status import FILE_NAME, ScriptSeen, ShadowStatus, StateWord, Status, iso, write_status
from livereduce.publish.product import Axis, Product
from livereduce.publish.products.folder import Products

EDGES = np.linspace(0.5, 2.3, 361)
PEAKS = (
    (0.62, 20.0),
    (0.71, 35.0),
    (0.83, 60.0),
    (0.95, 45.0),
    (1.09, 80.0),
    (1.28, 70.0),
    (1.57, 100.0),
    (2.02, 85.0),
)


AHEAD = timedelta(minutes=5)


@dataclass
class Fabricated:
    """The files of one instrument; its daemon is the process of the test, so that it counts as alive."""

    path: Path
    name: str
    status: Status = field(init=False)
    shelf: Products = field(init=False)

    def __post_init__(self) -> None:
        for folder in ("run", "state"):
            (self.path / folder).mkdir(parents=True)
        body = {"instrument": self.name, "engine": "builtin", "source": "adara://127.0.0.1:1", "script_dir": "."}
        self.conf.write_text(
            json.dumps(body | {"runtime_dir": str(self.path / "run"), "state_dir": str(self.path / "state")})
        )
        self.shelf = Products(self.path / "state")
        now = iso(datetime.now().astimezone())
        self.status = Status(
            state=StateWord.RUNNING,
            why="reducing run 41",
            since=now,
            pid=os.getpid(),
            started=now,
            updated=now,
            version="2.0.0",
            configuration=str(self.conf),
            instrument=self.name,
            engine="builtin",
            interpreter="/usr/bin/python3",
            proc=ScriptSeen(path=f"/SNS/{self.name}/reduce_{self.name}_live_proc.py", md5="0123456789abcdef" * 2),
            products_dir=str(self.path / "state" / "products"),
            generation=3,
            worker_pid=os.getpid(),
            phase=Phase.WAITING,
            progress=Progress(
                run=RunProgress(number=41, state=RunState.RUNNING),
                source=SourceProgress(connected=True, data_age_s=0.8),
            ),
            memory_bytes=812_000_000,
            memory_limit_bytes=16_000_000_000,
        )

    @property
    def conf(self) -> Path:
        return self.path / "livereduce.conf"

    def say(self, *, progress: dict[str, Any] | None = None, ahead: timedelta = AHEAD, **changes: Any) -> None:
        """Write the snapshot, with changes that last. It is dated ahead, so that it does not age during a test."""
        assert self.status.progress is not None
        now = datetime.now().astimezone() + ahead
        seen = changed(self.status.progress, **(progress or {}))
        self.status = replace(self.status, progress=seen, updated=iso(now), **changes)
        write_status(self.path / "run" / FILE_NAME, self.status)

    def publish(self, product: Product) -> None:
        self.shelf.publish(product)

    def beside(self, *products: Product, **changes: Any) -> None:
        """Have a shadow that has published these."""
        folder = self.path / "state" / "shadow"
        folder.mkdir(exist_ok=True)
        shelf = Products(folder)
        for product in products:
            shelf.publish(product)
        seen: dict[str, Any] = {
            "directory": "/SNS/shadow",
            "why": "running beside the scripts in use",
            "pid": os.getpid(),
        }
        facts: dict[str, Any] = {"files": {"/SNS/shadow/p.py": "f" * 32}, "products_dir": str(folder / "products")}
        if products:
            facts["progress"] = Progress(total=TotalProgress(results=len(products)))
        self.say(shadow=ShadowStatus(**(seen | facts | changes)))


def axis(name: str, values: NDArray[np.float64], units: str = "") -> Axis:
    return Axis(name=name, values=values, units=units)


def pattern(run: int, events: int, name: str = "result", seed: int = 1, height: float = 1.0) -> Product:
    """A powder pattern of so many events over d-spacing, with errors."""
    middle = (EDGES[1:] + EDGES[:-1]) / 2
    shape = np.full_like(middle, 6.0)
    for d, h in PEAKS:
        shape += h * np.exp(-0.5 * ((middle - d) / (0.0045 * d)) ** 2)
    counts = np.random.default_rng(seed).poisson(shape / shape.sum() * events).astype(float) * height
    return product(run, name, counts, (axis("d", EDGES, "angstrom"),), np.sqrt(counts), events=events)


def image(run: int, rows: int = 120, columns: int = 200, name: str = "detector") -> Product:
    """Rings on a detector: two dimensions, four decades."""
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1.6 : 1.6 : columns * 1j]
    r = np.hypot(x, y)
    rate = (
        3.0
        + 4e4 * np.exp(-((r / 0.09) ** 2))
        + 900 * np.exp(-(((r - 0.55) / 0.03) ** 2))
        + 150 * np.exp(-(((r - 0.9) / 0.03) ** 2))
    )
    counts = np.random.default_rng(2).poisson(rate).astype(float)
    axes = (axis("y", np.linspace(-0.5, 0.5, rows), "m"), axis("x", np.linspace(-0.8, 0.8, columns + 1), "m"))
    return product(run, name, counts, axes, np.sqrt(counts), events=int(counts.sum()))


def product(
    run: int,
    name: str,
    signal: NDArray[np.float64],
    axes: tuple[Axis, ...],
    errors: NDArray[np.float64] | None = None,
    **facts: float | int | str,
) -> Product:
    return Product(pipeline="live", run=run, name=name, signal=signal, axes=axes, errors=errors, attributes=dict(facts))
