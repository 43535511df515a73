"""The pages on Mantid's interface are true: what is generated is fresh, what is shown runs, or is in the files."""

import io
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from helpers.paths import ROOT
from livereduce.commands.check import check
from livereduce.publish.products.file import read_product
from livereduce.scripting.syntax import parse
from test_docs import DOCS, RUN, blocks, frozen, reduced

BOTH, ADDING = DOCS / "both_engines.md", DOCS / "adding_algorithms.md"


def test_what_is_generated_is_what_the_engine_has() -> None:
    done = subprocess.run(
        [sys.executable, str(DOCS / "generate.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_scripts_for_both_engines_run(tmp_path: Path) -> None:
    scripts = {}
    for step in ("proc", "post_proc"):
        (text,) = blocks(BOTH, f"python {step}")
        scripts[step] = frozen(tmp_path, f"reduce_POWDER_live_{step}.py", text)
        assert parse(text.encode(), Path("script.py"), None).reading.obstacles == ()
    progress = reduced(tmp_path, **scripts)
    assert progress.last_errors == {}
    product = read_product(tmp_path / "state" / "products" / str(RUN) / "result.nxs")
    assert np.nansum(product.signal) == 1200


def test_the_obstacles_are_told_as_the_page_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (shown,) = blocks(BOTH, "text")
    lines = {3: "import our_library", 7: "SofQW3(InputWorkspace=input)", 8: "n = input.getNumberEvent()"}
    script = "".join(lines.get(number, "") + "\n" for number in range(1, 9))
    (tmp_path / "reduce_HYS_live_post_proc.py").write_text(script)
    keys = {"instrument": "HYS", "engine": "builtin", "script_dir": ".", "source": "adara://localhost:31415"}
    (tmp_path / "livereduce.conf").write_text(json.dumps(keys))
    out = io.StringIO()
    assert check(tmp_path / "livereduce.conf", out) == 78
    assert shown.replace("/SNS/HYS/shared/livereduce", str(tmp_path)) in out.getvalue()
    assert out.getvalue().endswith("\nthis cannot run\n")


def test_the_worked_example_is_in_the_files() -> None:
    found = re.findall(r"^```python (\S+)\n(.*?)^```$", ADDING.read_text(), re.MULTILINE | re.DOTALL)
    assert [Path(name).name for name, _ in found] == ["elementwise.py", "elementwise.py", "cases_elementwise.py"]
    for name, text in found:
        assert text in (ROOT / name).read_text(), name
