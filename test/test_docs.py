"""The documentation is true: keys and defaults, scripts and examples that run, links that lead somewhere."""

import ast
import hashlib
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest

from helpers.bench import tell_nobody
from helpers.items import S_NS, ScriptedSource, event_batch, log_batch, monitor_batch
from helpers.paths import ROOT
from livereduce.base.errors import ExitCode
from livereduce.config.file import Config, parse_config, value_of
from livereduce.config.keys import KEYS
from livereduce.engine.builtin.engine import BuiltinEngine
from livereduce.messages.job import Job, ParametersCopy, ScriptCopy
from livereduce.messages.progress import Progress
from livereduce.messages.status import NEEDS_ATTENTION, StateWord
from livereduce.publish.products.file import read_product
from livereduce.stream.items import FLAG_VETOED, RunEnded, RunStarted
from test_imports import FLOORS, in_rooms, ours

DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", *(ROOT / "test").rglob("README.md"), *DOCS.rglob("*.md")])
RUN = 7


def blocks(page: Path, info: str) -> list[str]:
    """The code blocks of a page with exactly this after the three backticks."""
    return re.findall(rf"^```{re.escape(info)}\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


# ---- all pages

HEADINGS = (
    "Configuration",
    "Managing the service",
    "Logging",
    "Python processing scripts",
    "Behavior",
    "Building and packaging",
    "Testing",
    "Building the RPM",
    "The Watchdog Service",
    "Watchdog Configuration",
    "Managing the watchdog service",
    "Watchdog Logging",
    "Watchdog Scripts",
    "Building and packaging the watchdog",
    "Developer notes",
    "Acknowledgements and other links",
)
"""Of the original's README: who knows it finds each by its name."""
STARTS = ("operators.md", "scientists.md", "developers.md")
OUTSIDE = re.compile(
    r"\b(the|a) seed (document|runs|says|promises|has|names)\b|\b(design|reference),? sections?\b|[Ss]ections? \d"
)
"""References to documents that are not in the project."""


def headings(page: Path) -> list[str]:
    """The headings of a page, without those in code blocks."""
    return re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.M | re.S), re.M)


@pytest.mark.parametrize("heading", HEADINGS)
def test_the_headings_of_the_original_are_found_by_name(heading: str) -> None:
    pages = [page for page in PAGES if page.parent in (ROOT, DOCS)]
    assert [page.name for page in pages if heading in headings(page)]


def test_each_reader_has_a_page_to_start_with_and_every_page_is_reached_from_there() -> None:
    readme = (ROOT / "README.md").read_text()
    assert all(f"(docs/{name})" in readme for name in STARTS)
    told = readme + "".join((DOCS / name).read_text() for name in STARTS)
    assert [
        page.name for page in DOCS.glob("*.md") if f"{page.name})" not in told and f"{page.name}#" not in told
    ] == []


def test_the_project_explains_itself() -> None:
    folders = ("src", "test", "docs", "benchmarks")
    files = [path for name in folders for path in (ROOT / name).rglob("*") if path.suffix in (".py", ".md", ".js")]
    found = [f"{path.relative_to(ROOT)}: {hit[0]}" for path in files for hit in OUTSIDE.finditer(path.read_text())]
    assert [line for line in found if not line.startswith("test/test_docs.py")] == []


def test_the_demo_says_what_the_readme_shows() -> None:
    """Each line, its numbers aside, is made of words that the demo and the state's sentence have."""
    lines = re.findall(r"^\d\d:\d\d:\d\d  (.+)$", (ROOT / "README.md").read_text(), re.M)
    sources = [ROOT / "src" / "livereduce" / name for name in ("commands/demo.py", "messages/shown.py")]
    nodes = [node for path in sources for node in ast.walk(ast.parse(path.read_text()))]
    texts = " ".join(node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))
    assert len(lines) == 3
    for line in lines:
        assert set(re.findall(r"[a-z_]+", line)) <= {*re.findall(r"[a-z_]+", texts), *StateWord}


# ---- configuration.md


def keys_told() -> dict[str, str]:
    """Key and default of each row of the table."""
    rows = re.findall(r"^\| `([^`]+)`(?: †)? \| ([^|]+?) \|.*\|.*\|$", (DOCS / "configuration.md").read_text(), re.M)
    return dict(rows)


def as_told(value: object) -> str:
    if value is None:
        return "none"
    return "all" if value == () else json.dumps(int(value) if isinstance(value, float) else value)


def test_the_table_of_keys_is_complete_and_has_the_defaults() -> None:
    assert keys_told() == {key.name: as_told(value_of(Config(), key)) for key in KEYS}


@pytest.mark.parametrize("text", blocks(DOCS / "configuration.md", "json"))
def test_the_examples_of_configurations_can_be_read(text: str) -> None:
    config = parse_config(text, None)
    assert config.given
    assert not config.warnings


# ---- processing_scripts.md


SCRIPTS = [
    pytest.param(step, text, id=f"{step} {number}")
    for step in ("proc", "post_proc")
    for number, text in enumerate(blocks(DOCS / "processing_scripts.md", f"python {step}"))
]


def test_the_scripts_are_found() -> None:
    assert len(SCRIPTS) >= 6


def frozen(folder: Path, name: str, text: str) -> ScriptCopy:
    path = folder / name
    path.write_text(text)
    return ScriptCopy(path=str(path), copy=str(path), md5=hashlib.md5(text.encode()).hexdigest())


def stream() -> ScriptedSource:
    """A run in two chunks; the second pulse of each is vetoed."""
    rng = np.random.default_rng(1)
    reads: list[Any] = []
    for start_ns in (S_NS, 2 * S_NS):
        kept, vetoed = (
            event_batch(
                RUN,
                rng.integers(500_000, 16_000_000, 300),
                rng.integers(0, 4096, 300),
                pulse_ns=start_ns + offset,
                charge_pc=2e7,
                flags=flags,
            )
            for offset, flags in ((0, 0), (16_666_667, FLAG_VETOED))
        )
        temperature = log_batch(RUN, "SampleTemp", [start_ns], [295.0])
        reads += [[kept, vetoed, monitor_batch(RUN, 1, [9_000_000], start_ns), temperature], []]
    reads[0].insert(0, RunStarted(run=RUN, time_ns=S_NS))
    return ScriptedSource([*reads, [RunEnded(run=RUN, time_ns=3 * S_NS)]])


def documented_parameters(folder: Path) -> ParametersCopy:
    """Those of the example on the page."""
    (text,) = blocks(DOCS / "processing_scripts.md", "json")
    copy = frozen(folder, "parameters.json", text)
    return ParametersCopy(path=copy.path, copy=copy.copy, md5=copy.md5)


def reduced(tmp_path: Path, **scripts: ScriptCopy) -> Progress:
    """The progress after the engine has reduced the stream with these scripts."""
    clock = iter(range(0, 100_000, 31))
    job = Job(
        generation=1,
        engine="builtin",
        instrument="POWDER",
        short_name="POWDER",
        source="adara://nowhere:1",
        update_every_s=30.0,
        preserve_events=True,
        accum_method="Add",
        periods=(),
        spectra=(),
        tof_bins_us=(0.0, 100.0, 17_000.0),
        proc=scripts.get("proc"),
        post_proc=scripts.get("post_proc"),
        script_dir=str(tmp_path),
        state_dir=str(tmp_path / "state"),
        runtime_dir=str(tmp_path),
        parameters=documented_parameters(tmp_path),
    )
    source = stream()
    engine = BuiltinEngine(job, tell_nobody, open_source=lambda url: source, clock=lambda: float(next(clock)))
    while source.script:
        progress = engine.poll(0.0)
    engine.stop(1.0)
    return progress


@pytest.mark.parametrize(("step", "text"), SCRIPTS)
def test_the_scripts_run(step: str, text: str, tmp_path: Path) -> None:
    progress = reduced(tmp_path, **{step: frozen(tmp_path, f"reduce_POWDER_live_{step}.py", text)})
    assert progress.last_errors == {}
    assert (progress.total.script_errors, progress.run.events) == (0, 1200)
    product = read_product(tmp_path / "state" / "products" / str(RUN) / "result.nxs")
    assert np.nansum(product.signal) > 0
    assert product.attributes["events"] == 1200


def test_the_filter_takes_vetoed_pulses_out(tmp_path: Path) -> None:
    """One of them is looked at closely: that a script ran does not mean that it did what the page says."""
    (text,) = (text for text in blocks(DOCS / "processing_scripts.md", "python proc") if "FLAG_VETOED" in text)
    reduced(tmp_path, proc=frozen(tmp_path, "reduce_POWDER_live_proc.py", text))
    product = read_product(tmp_path / "state" / "products" / str(RUN) / "result.nxs")
    reduced(tmp_path)
    whole = read_product(tmp_path / "state" / "products" / str(RUN) / "result.nxs")
    events = [item for read in stream().script if isinstance(read, list) for item in read if hasattr(item, "flags")]
    wanted = sum(int((batch.tof_ns >= 1_200_000).sum()) for batch in events if not batch.flags[0])
    assert (product.signal.sum(), whole.signal.sum()) == (wanted, 1200)


def test_the_way_to_read_a_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reduced(tmp_path)
    (text,) = blocks(DOCS / "processing_scripts.md", "python")
    (tmp_path / "state").rename(tmp_path / "livereduce.state")
    (tmp_path / "livereduce.state" / "products" / str(RUN)).rename(tmp_path / "livereduce.state" / "products" / "1")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(text, names)
    assert names["counts"].sum() == 1200
    assert names["counts"].shape[1] + 1 == len(names["edges_us"])
    assert names["incomplete"] == ""


# ---- test/README.md


def test_the_example_of_a_test_runs() -> None:
    (text,) = blocks(ROOT / "test" / "README.md", "python")
    names: dict[str, Any] = {}
    exec(text, names)
    names["test_no_event_is_lost_in_cutting"]()


def test_every_helper_is_listed() -> None:
    told = re.findall(r"^\| `(\w+\.py)` \|", (ROOT / "test" / "README.md").read_text(), re.MULTILINE)
    assert sorted(told) == sorted(path.name for path in (ROOT / "test" / "helpers").glob("*.py"))


# ---- web.md


def test_every_metric_is_in_the_table() -> None:
    told = set(re.findall(r"`(livereduce_[a-z_]+)`", (DOCS / "web.md").read_text()))
    source = (ROOT / "src" / "livereduce" / "web" / "render" / "prometheus.py").read_text()
    made = set(re.findall(r'"(livereduce_[a-z_]+)"', source)) - {"livereduce_build"}
    assert told == made | {"livereduce_build_info"}


# ---- architecture.md, and the rooms themselves

PACKAGE = ROOT / "src" / "livereduce"
FOLDERS = ("src", "test", "scripts", "packaging", "examples", "docs")
TREE = [ROOT / name for name in FOLDERS] + [path for name in FOLDERS for path in (ROOT / name).rglob("*")]


def spans(page: Path) -> list[str]:
    """What stands between single backticks."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.M | re.S))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_files_and_modules_that_are_named_are_there(page: Path) -> None:
    """A file may be named by the end of its path, as `judge.py` after `daemon/inputs/changes.py`."""
    known = {f"/{path.relative_to(ROOT)}" for path in TREE}
    files = [span for span in spans(page) if re.fullmatch(r"[\w./]*\w/[\w./]*\w\.(py|js|sh|spec|conf)", span)]
    files = [span for span in files if not span.startswith("/") and "…" not in span]
    assert [span for span in files if not any(path.endswith(f"/{span}") for path in known)] == []
    rooms = [span for span in spans(page) if re.fullmatch(r"[a-z_]+(/[a-z_]+)*/", span)]
    dotted = [hit[1] for span in spans(page) if (hit := re.search(r"\b(livereduce(?:\.\w+)+)", span))]
    inside = [name.split(".")[1:] for name in dotted if (PACKAGE / name.split(".")[1]).is_dir()]
    assert [parts for parts in inside if not _is_module(parts)] == []
    if page.name == "architecture.md":
        assert [span for span in rooms if not any(path.endswith(f"/{span[:-1]}") for path in known)] == []
        assert len(files) > 60


def _is_module(parts: list[str]) -> bool:
    """Whether a dotted name below the package is a room, or a module."""
    path = PACKAGE.joinpath(*parts)
    return path.is_dir() or path.with_suffix(".py").is_file()


def test_the_table_of_rooms_is_that_of_the_floors() -> None:
    text = (DOCS / "architecture.md").read_text()
    told = {(int(floor), room) for floor, room in re.findall(r"^\| (\d+) \| `(\w+)/` \|", text, re.M)}
    floors = {(number, room) for number, rooms in enumerate(FLOORS, 1) for room in rooms}
    assert told == {(number, room) for number, room in floors if room not in ("cli", "__main__")}


def test_a_row_of_the_table_of_rooms_names_files_of_that_room() -> None:
    """By the bare name only what is directly in it, or the way in; what is deeper has its folder in front."""
    rows = re.findall(r"^\| \d+ \| `(\w+)/` \| (.*)$", (DOCS / "architecture.md").read_text(), re.M)
    named = [(room, name) for room, words in rows for name in re.findall(r"`(\w+\.py)`", words)]
    assert len(named) > 5
    assert [one for one in named if not (PACKAGE / one[0] / one[1]).is_file() and one[1] != "cli.py"] == []


def test_where_a_change_goes_has_twenty_rows() -> None:
    (table,) = re.findall(
        r"^## Where does my change go\?\n(.*?)^## ", (DOCS / "architecture.md").read_text(), re.M | re.S
    )
    assert len(re.findall(r"^\| [a-z]", table, re.M)) - 1 >= 20


@pytest.mark.parametrize("room", [path.parent.name for path in PACKAGE.glob("*/__init__.py")])
def test_a_room_imports_no_more_than_it_says(room: str) -> None:
    """`May import` and the names that follow in its docstring; "every room …" is for `test_imports`."""
    words = ast.get_docstring(ast.parse((PACKAGE / room / "__init__.py").read_text())) or ""
    told = re.search(r"May import ([^;.]*)[;.]", words)
    if told is None or "every room" in told[1]:
        return
    seen = {module.split(".")[1] for name in in_rooms(room) for module in ours(name) if "." in module}
    assert seen - {room} <= set(re.findall(r"`(\w+)`", told[1])), words


# ---- troubleshooting.md


def rows_of(section: str) -> list[tuple[str, str]]:
    """The first two cells of each row of the tables in a section."""
    text = (DOCS / "troubleshooting.md").read_text()
    (body,) = re.findall(rf"^## {section}\n(.*?)(?=^## )", text, re.M | re.S)
    return re.findall(r"^\| ([^|]*`[^|]*?) \| ([^|]*?) \|", body, re.M)


def test_every_state_has_a_row_with_its_exit_code() -> None:
    told = dict(rows_of("States"))
    assert told.pop("`DOWN`") == str(int(ExitCode.DOWN))
    up = {f"`{word}`": "1" if word in NEEDS_ATTENTION else "0" for word in StateWord}
    assert told == {**up, f"`{StateWord.STOPPED}`": str(int(ExitCode.DOWN))}


def test_the_messages_are_those_of_the_program() -> None:
    """Each piece between placeholders is in some text of the source."""
    trees = [ast.parse(path.read_text()) for path in (ROOT / "src").rglob("*.py")]
    texts = [node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    known = [text for text in texts if isinstance(text, str)]
    known += [path.read_text() for path in (ROOT / "scripts").glob("*.sh")]
    spans = [span for message, _ in rows_of("Messages") for span in re.findall(r"`([^`]+)`", message)]
    pieces = [piece.strip(" ;:,().") for span in spans for piece in span.split("…")]
    assert len(spans) > 40
    assert [piece for piece in pieces if not any(piece in text for text in known)] == []


# ---- links


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings(page)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.M | re.S))
    for link in links:
        if re.match(r"\w+:", link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = page.parent / path if path else page
        assert target.exists(), f"{page.relative_to(ROOT)}: {link}"
        if anchor:
            assert anchor in anchors(target), f"{page.relative_to(ROOT)}: {link}"
