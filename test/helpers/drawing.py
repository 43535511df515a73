"""Drawing on the page of the detector with real pointer events, and what it shows then."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

from helpers.browsing import Visit


def open_detector(seen: Visit, path: str) -> None:
    """Open the page and wait for its first picture."""
    seen.go(path)
    seen.page.wait_for_selector("#picture[data-painted]")


def place(seen: Visit, across: float, up: float) -> tuple[float, float]:
    """Where in the window a point of the picture is: parts of its width and height, from the lower left."""
    seen.page.locator("#picture").scroll_into_view_if_needed()
    box = json.loads(seen.page.get_attribute("#picture", "data-box") or "")
    frame = seen.page.locator("#overlay").bounding_box()
    assert frame
    return frame["x"] + box["left"] + across * box["width"], frame["y"] + box["top"] + (1 - up) * box["height"]


def drag(seen: Visit, tool: str, *points: tuple[float, float]) -> None:
    """Draw with the mouse from point to point."""
    seen.page.click(f"#tools [data-tool={tool}]")
    mouse = seen.page.mouse
    mouse.move(*place(seen, *points[0]))
    mouse.down()
    for point in points[1:]:
        mouse.move(*place(seen, *point), steps=6)
    mouse.up()


def regions(seen: Visit) -> list[dict[str, Any]]:
    """The regions in the page's address."""
    found = parse_qs(urlsplit(seen.page.url).fragment)
    return list(json.loads(found["draw"][0])) if "draw" in found else []


def plotted(seen: Visit, names: list[str]) -> list[float]:
    """Wait until these regions are drawn: the sum of each curve."""
    seen.until("document.getElementById('spectra').dataset.regions === given.names", names=",".join(names))
    sums = seen.plot("traces.map((one) => one.y.reduce((sum, value) => sum + value, 0))", of="spectra")
    return list(sums)
