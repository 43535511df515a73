"""The pages in a real browser: the page's server as a child, Debian's chromium without a screen, and what it says."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import BrowserContext, Page, TimeoutError

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 50_000
PATIENCE_S = 50.0

# What the browser itself says against the policy, with the element and the text.
ON_VIOLATION = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile} ${event.sample}`));
"""


def must_not_skip() -> bool:
    """Where the project's own CI runs as root, it installs the browser, and a missing one is a failure."""
    return bool(os.environ.get("CI")) and os.getuid() == 0


Scheme = Literal["light", "dark"]


@dataclass
class Visit:
    """A page that somebody looks at, and all complaints of the browser about it."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.add_init_script(ON_VIOLATION)
        self.page.on("console", lambda said: self._complain(said.type, f"{said.text} {said.location.get('url')}"))
        self.page.on("pageerror", lambda error: self._complain("error", str(error)))

    def _complain(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(text)

    def go(self, path: str) -> Page:
        self.page.goto(f"{self.url.rstrip('/')}{path}")
        return self.page

    def unexpected(self) -> list[str]:
        return [text for text in self.complaints if not any(part in text for part in self.expected)]

    # ---- what is on the page

    def text(self, selector: str) -> str:
        return self.page.inner_text(selector)

    def until(self, there: str, **more: Any) -> None:
        """Wait until an expression is true; playwright's way needs an `eval` in the page, which the policy forbids."""
        deadline = time.monotonic() + PATIENCE_S
        while not self.page.evaluate(f"(given) => {{ return {there}; }}", more):
            assert time.monotonic() < deadline, f"never true: {there} {more}"
            self.page.wait_for_timeout(50)

    def wait_text(self, selector: str, part: str) -> None:
        self.until(
            "document.querySelector(given.selector)?.innerText.includes(given.part)", selector=selector, part=part
        )

    def wait_state(self, word: str) -> None:
        self.page.wait_for_selector(f"#state[data-state={word}]")

    def wait_card(self, name: str, word: str) -> None:
        self.page.wait_for_selector(f"article.card[data-id={name}][data-state={word}]")

    def look(self, width: int, scheme: Scheme) -> None:
        """Change the window's width and the theme."""
        self.page.set_viewport_size({"width": width, "height": 800})
        self.page.emulate_media(color_scheme=scheme)

    def choose(self, choices: str) -> None:
        """Make the address say what is chosen, as a link would."""
        self.page.evaluate("choices => { location.hash = choices }", choices)

    def open_tab(self, name: str) -> None:
        """Choose a product by its tab; its name may hold anything."""
        tab = "[...document.querySelectorAll('#tabs [role=tab]')].find(one => one.dataset.key === given.name)"
        self.until(tab, name=name)
        self.page.evaluate(f"(given) => {tab}.click()", {"name": name})
        self.until(f"{tab}.getAttribute('aria-selected') === 'true'", name=name)

    def drawn(self, **of: Any) -> None:
        """Wait until the plot shows what is asked for."""
        wanted = "".join(f'[data-{key}="{value}"]' for key, value in of.items())
        try:
            self.page.wait_for_selector(f"#plot{wanted}", state="attached")
        except TimeoutError as error:
            there = self.page.evaluate("({ ...document.getElementById('plot').dataset })")
            raise AssertionError(f"{there} instead of {of}; {self.text('#blank')!r}; {self.text('#why')!r}") from error

    def plot(self, expression: str, of: str = "plot") -> Any:
        """A value of the drawn plot: `traces` and `layout` are what plotly has drawn."""
        return self.page.evaluate(
            f"() => {{ const {{ _fullData: traces, _fullLayout: layout }} = document.getElementById('{of}');"
            f" return {expression}; }}"
        )

    def until_plot(self, there: str) -> None:
        """Wait until an expression of `traces` and `layout` is true."""
        self.until(f"(({{ _fullData: traces, _fullLayout: layout }}) => {there})(document.getElementById('plot'))")

    def total(self) -> float:
        """All counts of the curve on top."""
        return float(self.plot("traces.at(-1).y.reduce((sum, value) => sum + value, 0)"))

    def overflow(self) -> int:
        """Pixels by which the page is wider than the window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


Windows = Callable[..., BrowserContext]
"""The windows of a kind: `windows(color_scheme="dark", …)`. They share a cache, so that plotly is compiled once."""

Visiting = Callable[..., Visit]
"""Opens a window: `visiting(url, width=…, height=…, color_scheme="dark", expected=("part of a complaint",))`."""


@contextmanager
def web(folder: Path, environ: Mapping[str, str], confs: Sequence[Path], *words: str, port: int = 0) -> Iterator[str]:
    """``livereduce web`` as a child; its address."""
    log = folder / f"web-{time.monotonic_ns()}.log"
    command = [sys.executable, "-m", "livereduce", "web", "--port", str(port), *words, *map(str, confs)]
    with (
        log.open("w") as file,
        subprocess.Popen(command, cwd=folder, env=dict(environ), stdout=file, stderr=file) as child,
    ):
        try:
            yield _address(child, log)
        finally:
            child.terminate()


def _address(child: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and child.poll() is None:
        for line in log.read_text().splitlines():
            if line.startswith("listening on http"):
                return line.removeprefix("listening on ").strip()
        time.sleep(0.02)
    raise AssertionError(f"the page's server does not listen: {log.read_text()}")
