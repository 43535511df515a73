"""The packaging of the status page: alert rules and dashboard name metrics that there are, the unit is sound."""

import json
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from helpers.paths import ROOT
from helpers.tools import needs, not_installed
from livereduce.messages.progress import Progress, RunProgress, RunState, SourceProgress
from livereduce.messages.status import RecordingSeen, Restart, StateWord, Status
from livereduce.seen.index import Listed, ListedRun, ShownIndex
from livereduce.seen.shelf import Shelf
from livereduce.web.render.prometheus import metrics_text
from livereduce.web.state.snapshot import View

PACKAGING = ROOT / "packaging"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
STATUS = Status(
    state=StateWord.RUNNING,
    why="",
    since=NOW.isoformat(),
    pid=1,
    started=NOW.isoformat(),
    updated=NOW.isoformat(),
    version="1",
    memory_bytes=5,
    memory_limit_bytes=10,
    recording=RecordingSeen(directory="/recordings"),
    last_restarts=(
        Restart(at=NOW.isoformat(), reason="livereduce killed the worker: stuck in proc for 600 s", generation=1),
    ),
    progress=Progress(run=RunProgress(number=7, state=RunState.RUNNING), source=SourceProgress(data_age_s=0.5)),
)
LISTED = Listed(name="result", path="7/result.nxs", version="v", written_unix_s=NOW.timestamp())
INDEX = ShownIndex(runs=(ListedRun(run=7, ended=False, products={"result": LISTED}),))
SCRAPED = metrics_text([View(id="powder", name="POWDER", status=STATUS, live=Shelf(index=INDEX))], NOW).decode()
SAMPLES = [sample for family in text_string_to_metric_families(SCRAPED) for sample in family.samples]
LABELS: dict[str, set[str]] = {}
for _sample in SAMPLES:
    LABELS.setdefault(_sample.name, set()).update(_sample.labels)
FROM_PROMETHEUS = {"instance", "job"}
FUNCTIONS = {"time", "max", "increase", "rate", "on", "by", "and", "or", "unless"}


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((PACKAGING / "livereduce_alerts.yml").read_text())["groups"]
    return list(group["rules"])


def dashboard() -> dict[str, Any]:
    body: dict[str, Any] = json.loads((PACKAGING / "livereduce_dashboard.json").read_text())
    return body


def expressions() -> list[str]:
    panels = [target["expr"] for panel in dashboard()["panels"] for target in panel["targets"]]
    return panels + [rule["expr"] for rule in rules()]


def test_there_is_something_to_check() -> None:
    assert len(rules()) >= 8
    assert len(dashboard()["panels"]) >= 8
    assert len(LABELS) > 25


@pytest.mark.parametrize("expression", expressions())
def test_an_expression_names_metrics_and_labels_that_there_are(expression: str) -> None:
    used = re.findall(r"\b(livereduce_\w+|up\b)(?:\{([^}]*)\})?", expression)
    assert used
    for metric, matchers in used:
        assert metric == "up" or metric in LABELS, metric
        for label, operator, value in re.findall(r'(\w+)(=~?)"([^"]*)"', matchers):
            assert label in LABELS.get(metric, set()) | FROM_PROMETHEUS, f"{metric} has no label {label}"
            if operator == "=" and metric in LABELS and label != "job":
                assert value in {sample.labels[label] for sample in SAMPLES if sample.name == metric}
    for words in re.findall(r"(?:on|by) \(([^)]*)\)", expression):
        assert set(re.split(r",\s*", words)) <= {"instrument", *FROM_PROMETHEUS}


def test_a_beam_that_is_off_calls_nobody_and_a_silent_source_does() -> None:
    expressions = {rule["alert"]: " ".join(rule["expr"].split()) for rule in rules()}
    assert expressions["LivereduceNoPulses"].startswith("livereduce_pulses_missing == 1 ")
    for name in ("LivereduceBehind", "LivereduceNoResults"):
        _, unless = expressions[name].split(" unless on (instrument, instance) ")
        assert "livereduce_beam_off == 1" in unless
    others = {name for name, text in expressions.items() if "beam_off" in text and "unless" not in text}
    assert others == set()


def test_texts_of_alerts_use_labels_that_there_are() -> None:
    for rule in rules():
        for text in rule["annotations"].values():
            assert set(re.findall(r"\$labels\.(\w+)", text)) <= {"instrument", *FROM_PROMETHEUS}
        assert {"summary", "description"} <= set(rule["annotations"])
        assert rule["labels"]["severity"] in ("info", "warning", "critical")


def test_legends_of_the_dashboard_use_labels_that_there_are() -> None:
    for panel in dashboard()["panels"]:
        for target in panel["targets"]:
            known = set().union(*(LABELS[name] for name in re.findall(r"\blivereduce_\w+", target["expr"])))
            assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= known


@pytest.mark.skipif(shutil.which("promtool") is None, reason=not_installed(["promtool"]))
def test_prometheus_itself_takes_the_rules() -> None:
    subprocess.run(["promtool", "check", "rules", PACKAGING / "livereduce_alerts.yml"], check=True, capture_output=True)


@needs("systemd-analyze")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "livereduce-web.service"
    text = (PACKAGING / unit.name).read_text()
    program = tmp_path / "livereduce"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    # the first ExecStart is the unit's own, the others are in its comments
    unit.write_text(re.sub(r"^ExecStart=/usr/bin/livereduce", f"ExecStart={program}", text, flags=re.MULTILINE))
    told = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, check=False)
    assert (told.returncode, told.stderr) == (0, "")
