"""Payloads in every text that reaches a page: none becomes an element, an attribute, a link or a script."""

import dataclasses
import json
import os
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from helpers.browsing import Visit, Visiting, web
from helpers.drawing import open_detector, place, plotted
from helpers.fabricated import Fabricated, axis, product
from helpers.rude_server import rude_server, saying
from helpers.viewed import ASKED, Viewed
from livereduce.messages.beat import Phase
from livereduce.messages.progress import Progress, RecordingProgress, RunProgress, RunState, SourceProgress
from livereduce.messages.script_failure import ScriptFailure
from livereduce.messages.status import (
    ErrorSeen,
    Printed,
    RecordingSeen,
    Restart,
    ScriptSeen,
    ShadowStatus,
    StateWord,
)
from livereduce.publish.parameters import PARAMETERS
from livereduce.publish.products.folder import Products
from livereduce.publish.trends.trends import FILE_NAME, Exposure, Trends, add_reported, encode_trends
from livereduce.scripting.reporting.display import Display, DisplayKind
from livereduce.scripting.reporting.report import ReportedMetric

pytestmark = pytest.mark.timeout(180)  # a browser on a busy machine

PAYLOADS = (
    "<img src=x onerror=\"hit('@')\">",
    "<svg/onload=hit('@')>",
    "\"'><script>hit('@')</script>",
    "' autofocus onfocus=hit('@') x='",
    "<a href=\"javascript:hit('@')\">@</a>",
    "</title></style></textarea><iframe srcdoc=\"<script>parent.hit('@')</script>\">",
    "javascript:hit('@')",
    "{{constructor.constructor('hit(1)')()}}${hit('@')}%{customdata}<extra>",
    "&lt;img src=x onerror=hit('@')&gt;",
    "<b>@</b><br><sub>@</sub>",
)
GROUPS = tuple(" ".join(PAYLOADS[place::4]) for place in range(4))
"""Some together, since each visit takes seconds."""
NUMBERS = frozenset({"pid", "receiver_pid", "spare_pid", "usual_s", "data_age_s"})
NUMBERS |= {"full_since", "no_pulses_since", "no_beam_since", "began_unix_s"}
"""Those that may be missing: everything else is there, and poisoned."""
HIT = "window.hit = where => (window.hits ??= []).push(where)"
ELEMENTS = "main img, main script, main iframe, main object, main embed, main base, [onerror], [onload], [onfocus]"
LINKS = "[href^='javascript' i], [*|href^='javascript' i], [src^='javascript' i]"
TIMES = frozenset({"since", "started", "updated", "at", "modified", "phase_since"})
MEANT = TIMES | {"products_dir", "configuration"}
"""Texts that are checked, or that lead to the files of the test."""


def poisoned(kind: Any, payload: str, **values: Any) -> Any:
    """A dataclass with the payload in each text of its own that has no checked meaning."""
    texts = {
        one.name: payload.replace("@", one.name)
        for one in dataclasses.fields(kind)
        if one.type is str and one.name not in MEANT
    }
    return kind(**texts | values)


def poison(one: Fabricated, payload: str) -> None:
    at = one.status.updated
    progress = poisoned(
        Progress,
        payload,
        run=poisoned(RunProgress, payload, number=41, state=RunState.RUNNING),
        source=poisoned(SourceProgress, payload, connected=True),
        recording=poisoned(RecordingProgress, payload, run=41),
        last_errors={"proc": payload, payload: payload},
    )
    numbers = {"generation": 3, "script_errors": 1, "run": 41, "line": 7}
    texts = {
        field.name: payload.replace("@", field.name)
        for field in dataclasses.fields(one.status)
        if field.type is str and field.name not in MEANT
    }
    several = {
        field.name: (payload.replace("@", field.name),) * 2
        for field in dataclasses.fields(one.status)
        if field.type == tuple[str, ...]
    }
    changes: dict[str, Any] = texts | several
    one.say(
        **changes,
        progress=dataclasses.asdict(progress),
        state=StateWord.DEGRADED,
        phase=Phase.POST_PROCESS,
        proc=poisoned(ScriptSeen, payload, modified=at, since=at),
        post_proc=poisoned(ScriptSeen, payload, modified=at, since=at),
        parameters=poisoned(ScriptSeen, payload, modified=at, since=at),
        files={payload: payload},
        recording=poisoned(RecordingSeen, payload, run=41),
        shadow=poisoned(
            ShadowStatus,
            payload,
            pid=os.getpid(),
            files={f"{payload.replace('@', 'directory')}/{payload}": payload},
            products_dir=str(one.path / "state" / "shadow" / "products"),
            progress=progress,
        ),
        errors=(poisoned(ErrorSeen, payload, at=at),),
        printed=(poisoned(Printed, payload, at=at), poisoned(Printed, payload, at=payload)),
        script_failure=poisoned(ScriptFailure, payload, at=at, **numbers),
        last_restarts=(Restart(at=at, reason=payload, generation=2), Restart(at=payload, reason=payload, generation=1)),
    )


def products(one: Fabricated, payload: str) -> None:
    (one.path / "state" / "shadow").mkdir(exist_ok=True)
    shadow = Products(one.path / "state" / "shadow")
    for name, signal in ((payload, np.arange(6.0)), (payload + "2", np.ones((3, 4))), (payload + "0", np.array(1.0))):
        axes = tuple(
            axis(payload + "xy"[n], np.arange(float(length)), payload) for n, length in enumerate(signal.shape)
        )
        made = product(41, name, signal, axes, None if signal.ndim else np.array(1.0), incomplete=payload, events=6)
        parameter = {"value": payload, "units": payload, "runs": payload, "md5s": {payload: payload}}
        facts = made.attributes | {PARAMETERS: json.dumps({payload: parameter})}
        made = dataclasses.replace(made, title=payload, units=payload, attributes=facts)
        one.publish(made)
        shadow.publish(dataclasses.replace(made, signal=made.signal + 1, errors=np.ones(made.signal.shape)))
    table = product(41, payload + "t", np.ones((2, 2)), tuple(axis(payload + name, np.arange(2.0)) for name in "xy"))
    display = Display(kind=DisplayKind.TABLE)
    one.publish(dataclasses.replace(table, title=payload, display=display, labels=(payload, payload)))
    trends = Trends(run=41, began_unix_s=1.7e9)
    for step in range(1, 5):
        at = Exposure(time_unix_s=1.7e9 + 10 * step, events=step, charge_pc=1e9 * step)
        trends = add_reported(trends, [ReportedMetric(name=payload, value=1.0, error=0.1, units=payload)], at)
    trends = dataclasses.replace(trends, left_out=(payload,))
    (one.path / "state" / "products" / "41" / FILE_NAME).write_text(encode_trends(trends, 1.7e9))


def cards_of(payload: str) -> bytes:
    """What another page might say."""
    texts = {
        name: payload.replace("@", name)
        for name in ("id", "name", "state", "why", "since", "down", "run_state", "title")
    }
    numbers = dict.fromkeys(("run", "events_per_s", "data_age_s", "memory_bytes", "memory_limit_bytes"), 1)
    times = {"last_result_at": payload, "last_result_age_s": 1, "seen_at": payload, "peer": None}
    poisoned = {**texts, **numbers, **times}
    body = {"at": payload, "instruments": [poisoned, {**poisoned, "id": "of_a_peer"}]}
    return b"HTTP/1.1 200 OK\r\n\r\n" + json.dumps(body).encode()


def glance_of(payload: str) -> bytes:
    """What another page might say of a result."""
    curve = {"kind": "curve", "x": [0, 500, 1000], "low": [0, 1, 2], "high": [0, 1000, 2], "x_from": 0.5, "x_to": 2.5}
    curve |= {"x_name": payload, "x_units": payload, "units": payload, "least": 0, "most": 9}
    reaches = {"target": 0.01, "reached": False, "at": payload, "text": payload, "how": payload}
    values = {"value": 1.0, "error": 0.1, "relative_error": 0.1, "part": 0.5}
    statistics = {"metric": payload, "units": payload, **values, "reaches": reaches}
    body = {"run": 1, "name": payload, "version": payload, "problem": payload}
    answer = json.dumps({**body, "sketch": curve, "statistics": statistics}).encode()
    return b"HTTP/1.1 200 OK\r\n\r\n" + answer


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Fabricated:
    made = Fabricated(tmp_path_factory.mktemp("poisoned") / "powder", "PG3")
    made.say()
    return made


@pytest.fixture(scope="module")
def page_of(one: Fabricated, environ: Mapping[str, str]) -> Iterator[tuple[str, dict[str, bytes]]]:
    said = {"cards": cards_of("nothing yet"), "glance": glance_of("nothing yet")}
    token = one.path / "token"
    token.write_text("token-of-the-beamline")
    token.chmod(0o600)
    with (
        rude_server(lambda connection, request: saying(asked_of(said, request))(connection, request)) as peer,
        web(one.path, environ, [one.conf], f"--peer={peer}", "--token-file", str(token)) as url,
    ):
        yield url, said


def asked_of(said: dict[str, bytes], request: bytes) -> bytes:
    return said["glance" if b"/glance" in request.split(b"\r\n", 1)[0] else "cards"]


def said_of_peers(url: str) -> set[str]:
    with urllib.request.urlopen(f"{url.rstrip('/')}/api/instruments") as response:
        return {card["why"] for card in json.load(response)["instruments"] if card["peer"]}


def harmless(seen: Visit) -> None:
    page = seen.page
    assert page.evaluate("window.hits ?? []") == []
    assert page.locator(ELEMENTS).count() == 0
    assert page.locator(LINKS).count() == 0


def open_all(seen: Visit) -> None:
    seen.page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")


@pytest.mark.parametrize("payload", GROUPS, ids=range(4))
def test_no_text_of_an_instrument_becomes_more_than_text(
    one: Fabricated, page_of: tuple[str, dict[str, bytes]], visiting: Visiting, payload: str
) -> None:
    url, _ = page_of
    poison(one, payload)
    products(one, payload)
    seen = visiting(url)
    seen.page.add_init_script(HIT)
    page = seen.go("/instrument/pg3")
    for suffix in ("", "2", "t", "0"):
        seen.open_tab(payload + suffix)
        seen.wait_text("#caption" if suffix != "0" else "#scalar", payload[:8] if suffix != "0" else "1")
        page.locator("#trends-title").scroll_into_view_if_needed()
        page.locator("#trends .trend").scroll_into_view_if_needed()
        page.locator("#timeline-title").scroll_into_view_if_needed()
        open_all(seen)
        if suffix in ("", "2"):
            page.locator("#plot").hover()
        harmless(seen)
    page.wait_for_selector("#promote-box:not([hidden])", state="attached")
    seen.wait_text("#promote-files", payload.rpartition("/")[2])
    for suffix, beside in (("", "both"), ("", "difference"), ("2", "shadow"), ("2", "difference"), ("0", "both")):
        seen.choose(urllib.parse.urlencode({"product": payload + suffix, "beside": beside}))
        seen.drawn(beside=beside)
        seen.wait_text("#compared", f"at {payload}x".replace("/", "_") if suffix != "0" else "sigma")
        page.locator("#plot").hover() if suffix != "0" else None
        harmless(seen)
    seen.wait_text("#parameters", payload)
    seen.wait_text("#why", payload.replace("@", "why"))
    seen.wait_text("#traceback", payload.replace("@", "traceback"))
    seen.wait_text("#printed", payload.replace("@", "line"))
    seen.wait_text("#facts", payload.replace("@", "log_file"))
    seen.wait_text("#left-out", payload)
    harmless(seen)


@pytest.mark.parametrize("payload", GROUPS, ids=range(4))
def test_no_text_of_a_card_becomes_more_than_text(
    one: Fabricated, page_of: tuple[str, dict[str, bytes]], visiting: Visiting, payload: str
) -> None:
    url, said = page_of
    poison(one, payload)
    products(one, payload)
    said |= {"cards": cards_of(payload), "glance": glance_of(payload)}
    while said_of_peers(url) != {payload.replace("@", "why")}:
        threading.Event().wait(0.05)
    seen = visiting(url)
    seen.page.add_init_script(HIT)
    page = seen.go("/#target=1")
    page.wait_for_selector("article.card")
    page.wait_for_selector("article.card >> nth=1")
    for nth in (0, 2):
        card = f"article.card >> nth={nth}"
        page.wait_for_selector(f"{card} >> .drawing[data-kind=curve]")
        metric = page.inner_text(f"{card} >> .metric")
        assert payload[:8] in metric
    assert page.inner_text("article.card >> nth=2 >> .reaches").startswith(payload)
    name = payload.replace("@", "name")
    seen.until("document.querySelectorAll('article.card')[1].textContent.includes(given.name)", name=name)
    harmless(seen)


@pytest.mark.parametrize("payload", GROUPS, ids=range(4))
def test_no_text_of_the_detector_becomes_more_than_text(
    one: Fabricated, page_of: tuple[str, dict[str, bytes]], visiting: Visiting, payload: str
) -> None:
    url, _ = page_of
    poison(one, payload)
    products(one, payload)
    found = {"kind": payload, "what": payload, "bank": payload, "pixels": payload, "since": payload, "text": payload}
    region = {"name": payload, "kind": "rectangle", "projection": "cylinder", "points": [[-50, -0.1], [50, 0.1]]}
    viewed = Viewed(bank=payload, log=payload, words=payload, saved=[region])
    viewed.findings = [{**found, "marks": [[0, 0, 1, 1]]}]
    seen = visiting(url)
    seen.page.add_init_script(HIT)
    seen.page.route(ASKED, viewed.route)
    open_detector(seen, "/instrument/pg3/detector")
    plotted(seen, [payload])
    open_all(seen)
    seen.wait_text("#findings", payload)
    seen.wait_text("#regions", payload)
    seen.wait_text("#told", payload)
    seen.until("document.getElementById('over').dataset.log === given.payload", payload=payload)
    seen.until(
        "[...document.getElementById('over-of').options].some((one) => one.text === given.payload)", payload=payload
    )
    seen.page.mouse.move(*place(seen, 0.3, 0.5))
    seen.wait_text("#at", payload)
    for plot in ("#spectra", "#over"):
        seen.page.locator(plot).hover()
        harmless(seen)
    for choice in (f"region:{payload}", f"metric:{payload}", payload):
        seen.choose(urllib.parse.urlencode({"of": choice, "over": payload}))
        seen.until("document.getElementById('over').dataset.of === given.choice", choice=choice)
        harmless(seen)
    viewed.refused = (503, payload)
    seen.expected = ("503",)
    seen.wait_text("#blank", payload[1:])
    harmless(seen)


@pytest.mark.parametrize("payload", GROUPS, ids=range(4))
def test_what_is_refused_says_what_was_asked_for_as_text(
    page_of: tuple[str, dict[str, bytes]], visiting: Visiting, payload: str
) -> None:
    url, _ = page_of
    seen = visiting(url, expected=("404", "422"))
    seen.page.add_init_script(HIT)
    page = seen.page
    quoted = urllib.parse.quote(payload, safe="")
    for path in (
        f"/instrument/{quoted}",
        f"/api/instruments/{quoted}",
        f"/api/instruments/pg3/timeline?since={quoted}",
    ):
        page.goto(f"{url.rstrip('/')}{path}")
        page.wait_for_load_state("load")
        harmless(seen)
    page.goto(f"{url.rstrip('/')}/instrument/pg3#product={quoted}&run={quoted}&view={quoted}")
    page.wait_for_selector("#state[data-state]")
    harmless(seen)


def test_every_text_of_a_snapshot_is_poisoned(one: Fabricated) -> None:
    poison(one, PAYLOADS[0])
    texts = [json.loads((one.path / "run" / "status.json").read_text())]
    clean = []
    while texts:
        body = texts.pop()
        for name, value in body.items() if isinstance(body, dict) else enumerate(body):
            if isinstance(value, dict | list):
                texts.append(value)
            missing = value in (None, {}) and name not in NUMBERS
            meant = name in MEANT | {"state", "phase", "run_state"}
            if missing or (isinstance(value, str) and "hit(" not in value and not meant):
                clean.append(name)
    assert clean == []
