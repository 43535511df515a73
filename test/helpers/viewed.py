"""What a viewer would answer about made-up events: the counting is plain numpy, and nothing of it is the product's."""

import base64
import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Route

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]

ROWS, COLUMNS, GAP = 24, 60, 6
"""Of each of the two banks, and the columns without pixels between them."""
TOF_STEP_US, TOF_STEPS = 500.0, 32
PULSE_AT = (datetime.now().astimezone() - timedelta(hours=1)).isoformat(timespec="seconds")
"""When the newest pulse came: the beam has been off for an hour."""
WIDTH = 2 * COLUMNS + GAP


def inside(region: dict[str, Any], x: F8, y: F8, pixel: I8) -> NDArray[np.bool_]:
    """Which pixels belong to a region, as the documentation says."""
    if region["kind"] == "pixels":
        chosen = np.zeros(len(pixel), bool)
        for part in region["pixels"].split(","):
            first, _, last = part.strip().partition("-")
            chosen |= (pixel >= int(first)) & (pixel <= int(last or first))
        return chosen
    points = np.array(region["points"], float)
    if region["kind"] == "lasso":
        return _even_odd(points, x, y)
    (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
    if region["kind"] == "rectangle":
        within: NDArray[np.bool_] = (x0 <= x) & (x <= x1) & (y0 <= y) & (y <= y1)
        return within
    u, v = (x - (x0 + x1) / 2) / ((x1 - x0) / 2), (y - (y0 + y1) / 2) / ((y1 - y0) / 2)
    round_: NDArray[np.bool_] = u * u + v * v <= 1
    return round_


def _even_odd(points: F8, x: F8, y: F8) -> NDArray[np.bool_]:
    chosen = np.zeros(len(x), bool)
    for (xi, yi), (xj, yj) in zip(points, np.roll(points, 1, axis=0), strict=True):
        crosses = (yi > y) != (yj > y)
        with np.errstate(divide="ignore", invalid="ignore"):
            chosen ^= crosses & (x < (xj - xi) * (y - yi) / (yj - yi) + xi)
    return chosen


@dataclass
class Viewed:
    """Events on two banks, and the answers of the API about them; `saved` are the regions that the daemon keeps."""

    seed: int = 1
    run: int = 41
    bank: str = "bank"
    words: str = ""
    log: str = "SampleTemp"
    saved: list[dict[str, Any]] = field(default_factory=list)
    findings: list[dict[str, Any]] = field(default_factory=list)
    refused: tuple[int, str] | None = None
    asked: list[str] = field(default_factory=list)
    token: str = "right-token-of-the-beamline"
    version: int = 1

    def __post_init__(self) -> None:
        number = np.arange(2 * ROWS * COLUMNS)
        bank, within = number // (ROWS * COLUMNS), number % (ROWS * COLUMNS)
        self.pixel = number + 1
        self.cell_x = bank * (COLUMNS + GAP) + within % COLUMNS
        self.cell_y = within // COLUMNS
        self.x: F8 = np.asarray((self.cell_x + 0.5) * 2.0 - WIDTH, np.float64)
        self.y: F8 = np.asarray((self.cell_y + 0.5) * 0.02 - 0.24, np.float64)
        self.of_bank = bank
        random = np.random.default_rng(self.seed)
        rings = np.hypot(self.x / 60, self.y / 0.24)
        rate = 2 + 900 * np.exp(-((rings / 0.25) ** 2)) + 60 * np.exp(-(((rings - 0.9) / 0.08) ** 2))
        self.add(np.repeat(number, random.poisson(rate)))

    def add(self, place: I8) -> None:
        """More events at these pixels (by place, from 0)."""
        random = np.random.default_rng(self.seed + self.version)
        old_place, old_tof = getattr(self, "place", place[:0]), getattr(self, "tof_us", np.zeros(0))
        self.place = np.concatenate([old_place, place])
        self.tof_us = np.concatenate([old_tof, random.uniform(0, TOF_STEP_US * TOF_STEPS, len(place))])
        self.version += 1

    def counted(self, region: dict[str, Any]) -> int:
        """Events in a region."""
        within = inside(region, self.x, self.y, self.pixel)[self.place]
        low, high = region.get("tof_min_us"), region.get("tof_max_us")
        if low is not None:
            within = within & (self.tof_us >= low) & (self.tof_us < high)
        return int(within.sum())

    # ---- answers

    def route(self, route: Route) -> None:
        """Answer a request of a page, in place of its server."""
        parts = urlsplit(route.request.url)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        what = unquote(parts.path.partition("/api/instruments/")[2].partition("/")[2])
        self.asked.append(f"{route.request.method} {what}")
        if self.refused:
            route.fulfill(status=self.refused[0], json={"error": self.refused[1]})
        elif route.request.method != "GET":
            self._change(route, what)
        else:
            body = self._answer(what, query)
            etag = f'"{hash(json.dumps(body)):x}"'
            known = route.request.headers.get("if-none-match") == etag
            route.fulfill(**({"status": 304} if known else {"json": body}), headers={"etag": etag})

    def _answer(self, what: str, query: dict[str, str]) -> Any:
        if what == "detector":
            return self._detector(query)
        if what == "detector/at":
            return self._at(float(query["x"]), float(query["y"]))
        if what == "regions":
            return self._regions()
        if what == "region":
            return self._spectrum(json.loads(query["region"]))
        if what.startswith("regions/"):
            return self._spectrum(next(one for one in self.saved if one["name"] == what.partition("/")[2]))
        if what == "findings":
            return {"run": self.run, "at": PULSE_AT, "looked_s": 34.2, "findings": self.findings, "note": self.words}
        return self._logs() if what == "logs" else self._over(query)

    def _change(self, route: Route, what: str) -> None:
        if route.request.headers.get("authorization") != f"Bearer {self.token}":
            route.fulfill(status=401, json={"error": "the token is wrong or missing"})
        elif route.request.method == "POST":
            instead = parse_qs(urlsplit(route.request.url).query).get("instead")
            self.saved = [one for one in self.saved if [one["name"]] != instead]
            self.saved.append(dict(route.request.post_data_json or {}))
            route.fulfill(json={"text": f"region {self.saved[-1]['name']} is kept"})
        else:
            name = what.partition("/")[2]
            self.saved = [one for one in self.saved if one["name"] != name]
            route.fulfill(json={"text": f"region {name} is removed"})

    def _detector(self, query: dict[str, str]) -> dict[str, Any]:
        steps = TOF_STEP_US, TOF_STEPS
        low = np.floor(float(query.get("tof_min_us", 0)) / steps[0]) * steps[0]
        high = np.ceil(float(query.get("tof_max_us", steps[0] * steps[1])) / steps[0]) * steps[0]
        within = (self.tof_us >= low) & (self.tof_us < high)
        per_pixel = np.bincount(self.place[within], minlength=len(self.pixel))
        cells = np.full((ROWS, WIDTH), -1, "<f4")
        cells[self.cell_y, self.cell_x] = per_pixel
        sums = [int(per_pixel[self.of_bank == n].sum()) for n in (0, 1)]
        best = int(np.argmax(sums))
        return {
            "run": self.run,
            "at": PULSE_AT,
            "version": f"{self.version}",
            "events": len(self.place),
            "since": None,
            "projection": query.get("projection", "cylinder"),
            "projections": ["cylinder", "sphere", "map"],
            "x": {"name": self.words or "azimuth", "units": "deg", "min": -float(WIDTH), "max": float(WIDTH)},
            "y": {"name": "y", "units": "m", "min": -0.24, "max": 0.24},
            "width": WIDTH,
            "height": ROWS,
            "counts": base64.b64encode(cells.tobytes()).decode(),
            "cells_pixels": len(self.pixel),
            "tof_range_us": [low, high],
            "tof_limits_us": [0.0, steps[0] * steps[1]],
            "tof_step_us": steps[0],
            "total": int(per_pixel.sum()),
            "pixels": len(self.pixel),
            "brightest": {"bank": f"{self.bank}{best + 1}", "counts": sums[best], "pixels": ROWS * COLUMNS},
            "findings": self.findings,
            "note": self.words,
        }

    def _at(self, x: float, y: float) -> dict[str, Any]:
        nearest = int(np.argmin(np.hypot((self.x - x) / 2, (self.y - y) / 0.02)))
        counts = int((self.place == nearest).sum())
        place = [0.0, float(self.y[nearest]), 2.0]
        bank = f"{self.bank}{self.of_bank[nearest] + 1}"
        seen = {"bank": bank, "position": place, "l2_m": 2.0, "two_theta_deg": abs(float(self.x[nearest]))}
        return {"pixel": int(self.pixel[nearest]), **seen, "counts": counts}

    def _regions(self) -> dict[str, Any]:
        rows = [{**one, "run": self.run, **self._counts(one), "rate_per_s": 12.5} for one in self.saved]
        return {"can_save": True, "limit": 20, "problem": "", "regions": rows}

    def _counts(self, region: dict[str, Any]) -> dict[str, int]:
        return {
            "pixels_count": int(inside(region, self.x, self.y, self.pixel).sum()),
            "counts": self.counted(region),
        }

    def _spectrum(self, region: dict[str, Any]) -> dict[str, Any]:
        within = inside(region, self.x, self.y, self.pixel)[self.place]
        edges = np.linspace(0, TOF_STEP_US * TOF_STEPS, 101)
        signal = np.histogram(self.tof_us[within], edges)[0]
        return {
            "run": self.run,
            "name": region["name"],
            "title": "",
            "kind": "1d",
            "rows": 1,
            "row_numbers": [0],
            "label": region["name"],
            "signal": signal.tolist(),
            "errors": np.sqrt(signal).tolist(),
            "units": "counts",
            "axes": [{"name": "tof", "units": "us", "values": edges.tolist()}],
            "attributes": {},
            "version": f"{self.version}",
            "since": None,
            **self._counts(region),
        }

    def _logs(self) -> dict[str, Any]:
        names = [(self.log, f"K{self.words}", True), ("scan_index", "", False)]
        logs = [
            {"name": name, "units": units, "values": 9, "first": 1, "last": 9, "varies": varies}
            for name, units, varies in names
        ]
        return {"run": self.run, "logs": logs, "monitors": [1]}

    def _over(self, query: dict[str, str]) -> dict[str, Any]:
        count = 10 if query["bins"] == "auto" else int(query["bins"]) if query["bins"].isdigit() else 4
        x = 290 + np.arange(float(count))
        saved = next((one for one in self.saved if query["of"] == f"region:{one['name']}"), None)
        region = json.loads(query["region"]) if "region" in query else saved
        total = self.counted(region) if region else len(self.place)
        return {
            "run": self.run,
            "at": PULSE_AT,
            "version": f"{self.version}",
            "of": query["of"],
            "log": query["log"],
            "log_units": f"K{self.words}",
            "x": x.tolist(),
            "x_low": (x - 0.5).tolist(),
            "x_high": (x + 0.5).tolist(),
            "mean": [total / count] * count,
            "error": [float(np.sqrt(total / count))] * count,
            "pulses": [60] * count,
            "events": [total // count] * count,
            "charge_pc": [1e6] * count,
            "units": f"counts per {query['per']}{self.words}",
            "note": self.words,
        }


ASKED = re.compile(r"/api/instruments/[^/]+/(detector|regions?|over|logs|findings)(/|\?|$)")
"""Addresses that `Viewed.route` answers."""
