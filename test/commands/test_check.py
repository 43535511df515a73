import io
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from helpers.environments import Launchers
from helpers.fabricated import Fabricated, pattern
from livereduce.base.errors import OperatorError
from livereduce.commands.check import check
from livereduce.config import file as config_module
from livereduce.config.keys import KEYS
from livereduce.preflight import answering
from livereduce.scripting.files import md5_of


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory on a host where nothing is set up."""
    monkeypatch.chdir(tmp_path)
    for name in ("RUNTIME_DIRECTORY", "STATE_DIRECTORY", "XDG_RUNTIME_DIR", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("livereduce.preflight.services.UNIT_DIRS", ())
    monkeypatch.setattr(config_module, "DEFAULT_PATH", tmp_path / "default.conf")
    return tmp_path


def write(place: Path, scripts: dict[str, str] | None = None, **keys: object) -> Path:
    path = place / "livereduce.conf"
    path.write_text(json.dumps(keys))
    for step, text in (scripts or {}).items():
        (place / f"reduce_PG3_live_{step}.py").write_text(text)
    return path


def run(path: Path | None) -> tuple[int, str]:
    out = io.StringIO()
    code = check(path, out)
    return code, out.getvalue()


def rows(text: str) -> dict[str, str]:
    return {line[:30].strip(): line[30:] for line in text.splitlines()}


def listed(text: str, what: str) -> list[str]:
    """The lines below "2 problems" and the like."""
    for part in text.split("\n\n"):
        title, *lines = part.splitlines()
        if title.endswith((what, what + "s")) and title.split()[0].isdigit():
            assert title.split()[0] == str(len(lines))
            return [line.removeprefix("  - ") for line in lines]
    return []


def test_a_good_configuration(place: Path) -> None:
    path = write(
        place,
        {"proc": "output = input\n", "post_proc": "pass\n"},
        instrument="pg3",
        engine="builtin",
        script_dir=".",
        update_every="300",
        tof_bins_us=[0, 100, 20000],
    )
    code, text = run(path)
    assert code == 0
    assert text.endswith("\nthis can run\n")
    shown = rows(text)
    assert shown["configuration"] == str(path)
    assert shown["update_every"] == "300 s"
    assert shown["accum_method"] == "Add (default)"
    assert shown["spectra"] == "all (default)"
    assert shown["tof_bins_us"] == "[0, 100, 20000] us"
    assert shown["instrument"] == "POWGEN (PG3) at SNS, beamline 11A"
    assert shown["stream"] == "adara://bl11a-daq1.sns.gov:31415"
    assert shown["engine"] == 'builtin ("engine" in the configuration names builtin)'
    assert shown["environment"] == "this python"
    assert shown["proc"] == str(place / "reduce_PG3_live_proc.py")
    assert f"md5 {md5_of(b'output = input' + bytes([10]))}, ok" in text
    assert shown["histograms"] == "200 bins from 0 to 20000 us"
    assert shown["memory"] == "320 MB per 100000 pixels"
    assert shown["runtime"] == str(place / "livereduce.run")
    assert shown["log file"].endswith("livereduce.log")
    assert {key.name for key in KEYS} <= set(shown)
    assert listed(text, "problem") == listed(text, "warning") == []


def test_counts_too_many_for_an_array_take_the_memory_of_their_events(place: Path) -> None:
    path = write(place, instrument="pg3", engine="builtin", script_dir=".", tof_bins_us=[0, 2, 16000])
    _, text = run(path)
    assert rows(text)["memory"] == "2 bytes per event: 8e+08 cells of 100000 pixels are too many for an array"


HANGS_S = 3.0
"""Those that answer do within this, on a busy machine too."""


def hang(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """A look at anything below folders of these names does not return."""

    def look(path: Path) -> None:
        while set(names) & set(path.parts):
            time.sleep(1.0)

    monkeypatch.setattr(answering, "_look", look)
    monkeypatch.setattr("livereduce.commands.check.ANSWER_S", HANGS_S)


def test_the_scripts_of_the_shadow_are_read_too_and_keep_nothing_from_running(place: Path) -> None:
    (place / "new").mkdir()
    keys = {"instrument": "pg3", "engine": "builtin", "script_dir": ".", "shadow_dir": "new"}
    path = write(place, {"proc": "output = input\n"}, **keys)
    script = place / "new" / "reduce_PG3_live_proc.py"
    script.write_text("resutl = input\n")
    code, text = run(path)
    assert (code, rows(text)["shadow"], rows(text)["shadow's proc"]) == (0, str(place / "new"), str(script))
    assert md5_of(script.read_bytes()) in text
    (warning,) = listed(text, "warning")
    assert warning.startswith("shadow: reduce_PG3_live_proc.py: line 1 assigns to `resutl`, which nothing uses: ")
    script.write_text("x = (\n")
    code, text = run(path)
    (warning,) = listed(text, "warning")
    assert code == 0
    assert warning.startswith(f'"shadow_dir" {place}/new: {script}:1: ')
    assert warning.endswith("until that is mended those in use run alone")
    script.unlink()
    assert "no processing script" in listed(run(path)[1], "warning")[0]


def test_places_whose_file_system_does_not_answer_are_named_and_the_rest_is_checked(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places: dict[str, Any] = {
        "shadow_dir": "dead/shadow",
        "record.directory": "dead/recordings",
        "publish.config": "dead/live.conf",
    }
    path = write(place, {"proc": "output = input\n"}, instrument="pg3", engine="builtin", script_dir=".", **places)
    hang(monkeypatch, "dead")
    monkeypatch.setattr(Path, "is_dir", forbidden(Path.is_dir))
    code, text = run(path)
    assert code == 0, text
    said = f"its file system has not answered for {HANGS_S:g} s; look at its mount and its server; while that is so, "
    assert listed(text, "warning") == [
        f'"publish.config" {place}/dead/live.conf: {said}no plots will be sent',
        f'"record.directory" {place}/dead/recordings: {said}nothing will be recorded',
        f'"shadow_dir" {place}/dead/shadow: {said}no scripts run beside those in use',
    ]
    assert rows(text)["shadow_dir"] == "dead/shadow", "what is configured is shown"
    assert rows(text)["recordings"] == "not known, see below"
    assert psutil.Process().children() == []


def forbidden(ask: Callable[[Path], bool]) -> Callable[[Path], bool]:
    """The same, but never for what is dead: in earnest it would not return."""

    def asked(path: Path) -> bool:
        assert "dead" not in path.parts
        return ask(path)

    return asked


def test_without_the_scripts_or_a_directory_of_its_own_it_cannot_run(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead: dict[str, Any] = {
        "script_dir": "dead",
        "state_dir": "dead/state",
        "source": f"file://{place}/dead/run.nxs.h5",
    }
    path = write(place, instrument="pg3", engine="builtin", **dead)
    hang(monkeypatch, "dead")
    code, text = run(path)
    assert code == 78
    silent = [line.partition(" ")[0] for line in listed(text, "problem") if "has not answered" in line]
    assert silent == ['"script_dir"', '"source"', '"state_dir"']
    hang(monkeypatch, path.name)
    with pytest.raises(OperatorError, match=rf"configuration {path}: its file system has not answered"):
        run(path)


def test_a_python_on_a_dead_file_system_is_not_started(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = f"{place}/dead/bin/python"
    path = write(place, {"proc": "output = input\n"}, instrument="pg3", CONDA_ENV=python, script_dir=".")
    hang(monkeypatch, "dead")
    monkeypatch.setattr("livereduce.commands.check.inquire", None)  # calling it is an error
    code, text = run(path)
    assert (code, rows(text)["engine"]) == (78, "not known")
    assert [line.partition(":")[0] for line in listed(text, "problem")] == [f'"CONDA_ENV" {python}']


def test_every_problem_of_every_kind_is_shown_at_once(place: Path) -> None:
    (place / "file").write_text("")
    path = write(
        place,
        {"proc": "x = 1\nfor\n", "post_proc": ""},
        instrument="BSS",
        script_dir=".",
        update_every=0,
        periods="x",
        state_dir="file/x",
        updat_every=3,
    )
    for step in ("proc", "post_proc"):
        (place / f"reduce_PG3_live_{step}.py").rename(place / f"reduce_BSS_live_{step}.py")
    code, text = run(path)
    assert code == 78
    assert text.endswith("\nthis cannot run\n")
    expected = [
        '"update_every": expected a number of seconds greater than 0, got 0',
        '"periods": expected a list',
        "reduce_BSS_live_proc.py:2: invalid syntax",
        "reduce_BSS_live_post_proc.py: the script is empty",
        "instrument BASIS has no known live stream",
        "state directory",
    ]
    problems = listed(text, "problem")
    assert [part in problem for part, problem in zip(expected, problems, strict=True)] == [True] * len(expected)
    assert rows(text)["update_every"] == "invalid, see below"
    (warning,) = listed(text, "warning")
    assert 'did you mean "update_every"' in warning


def test_an_unreadable_configuration_concludes_nothing(place: Path) -> None:
    path = place / "bad.conf"
    path.write_text('{"instrument": }')
    code, text = run(path)
    assert code == 78
    assert rows(text)["configuration"] == f"{path} (cannot be read)"
    (problem,) = listed(text, "problem")
    assert problem.startswith(f"{path}: not valid JSON, line 1, column 16")


def test_no_configuration_anywhere(place: Path) -> None:
    code, text = run(None)
    assert code == 78
    assert rows(text)["configuration"] == f"{place / 'default.conf'} (sets no key)"
    assert rows(text)["instrument"] == "not known"
    (problem,) = listed(text, "problem")
    assert problem.startswith("no instrument")


def test_the_instrument_of_mantids_properties_is_enough(place: Path) -> None:
    (place / ".mantid").mkdir()
    (place / ".mantid" / "Mantid.user.properties").write_text("default.instrument = POWGEN\n")
    write(place, {"proc": "pass\n"}, script_dir=".").rename(place / "default.conf")
    code, text = run(None)
    assert code == 0
    assert "no such file" in text


def test_an_instrument_of_ones_own(place: Path) -> None:
    path = write(place, {"proc": "pass\n"}, instrument="PG3X", script_dir=".", source="adara://localhost")
    (place / "reduce_PG3_live_proc.py").rename(place / "reduce_PG3X_live_proc.py")
    code, text = run(path)
    assert code == 0
    assert rows(text)["instrument"] == "PG3X (PG3X), not in the facility table"
    assert rows(text)["stream"] == "adara://localhost:31415"


# ---- an environment


@pytest.fixture
def launchers(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Launchers:
    launchers = Launchers(tmp_path_factory.mktemp("host"))
    launchers.wrap()
    monkeypatch.setenv("PATH", launchers.path())
    return launchers


def test_the_environment_is_entered_and_mantid_imported_there(place: Path, launchers: Launchers) -> None:
    python = launchers.environment("mantid_dev")
    code, text = run(write(place, {"proc": "pass\n"}, instrument="PG3", CONDA_ENV="mantid-dev", script_dir="."))
    shown = rows(text)
    assert shown["engine"] == 'mantid ("CONDA_ENV" in the configuration names mantid-dev)'
    assert shown["environment"] == f"pixi mantid_dev, launched by {launchers.bin}/nsd-app-wrap.sh"
    assert shown["interpreter"] == f"{python} (Python {sys.version.split()[0]})"
    assert shown["Mantid"].startswith(f"6.11.0, {python.parent.parent}/lib/")
    assert (code, listed(text, "problem"), listed(text, "warning")) == (0, [], [])


def test_without_an_instrument_mantid_says_which(place: Path, launchers: Launchers) -> None:
    launchers.environment("mantid_dev")
    (place / "reduce_NEW_live_proc.py").write_text("pass\n")
    code, text = run(write(place, script_dir="."))
    assert (code, rows(text)["instrument"]) == (0, "NEWONE (NEW) at ELSEWHERE")


def test_a_mantid_that_is_there_but_does_not_import(place: Path, launchers: Launchers) -> None:
    python = launchers.environment("mantid_dev", mantid="raise ImportError('libMantidKernel.so: no')")
    code, text = run(write(place, {"proc": "pass\n"}, instrument="PG3", PIXI_ENV="mantid_dev", script_dir="."))
    wrap = launchers.bin / "nsd-app-wrap.sh"
    assert (code, rows(text)["Mantid"]) == (78, "cannot be imported")
    (problem,) = listed(text, "problem")
    assert problem.startswith(
        f"Mantid cannot be imported in {python} (environment pixi mantid_dev, launched by {wrap}): "
    )
    assert problem.endswith("ImportError: libMantidKernel.so: no")


def test_an_environment_that_is_not_there(place: Path, launchers: Launchers) -> None:
    code, text = run(write(place, {"proc": "pass\n"}, instrument="PG3", PIXI_ENV="nope", script_dir="."))
    (problem,) = listed(text, "problem")
    assert (code, rows(text)["Mantid"]) == (78, "cannot be imported")
    assert problem.startswith("environment pixi nope cannot be used: ")
    assert "no environment nope" in problem


def test_an_instrument_that_mantid_does_not_know_is_warned_about(place: Path, launchers: Launchers) -> None:
    launchers.environment("mantid_dev")
    (place / "reduce_NOBODY_live_proc.py").write_text("pass\n")
    code, text = run(write(place, instrument="NOBODY", PIXI_ENV="mantid_dev", script_dir="."))
    assert (code, listed(text, "problem")) == (0, [])
    assert "Mantid does not say which instrument this is: no instrument NOBODY" in listed(text, "warning")


def test_a_python_named_outright_for_the_builtin_engine_is_the_one_that_is_judged(
    place: Path, launchers: Launchers
) -> None:
    python = launchers.environment("mine", mantid=None)
    path = write(place, {"proc": "pass\n"}, instrument="PG3", CONDA_ENV=str(python), engine="builtin", script_dir=".")
    code, text = run(path)
    assert (code, rows(text)["environment"]) == (78, f"python {python}")
    (problem,) = listed(text, "problem")
    assert problem.startswith(f"engine builtin needs numpy, numba, scipp, scipy, h5py, which {python} does not have")


# ---- the scripts, read without running them

GOOD = "output = input\n"
MISTAKES = {
    "a missing algorithm": (
        "import mantid\n\nDgsReduction(SampleInputFile=input)\n",
        3,
        "DgsReduction is an algorithm of Mantid that the builtin engine does not have: the reduction of",
    ),
    "a wrong argument name": (
        "from mantid.simpleapi import Rebin\noutput = Rebin(input, Parms='0,100,20000')\n",
        2,
        "Rebin has no argument 'Parms'; did you mean 'Params'?",
    ),
    "Python 2": ("n = 1\nprint n\n", 2, "this is Python 2 (print statement): port it to Python 3"),
    "a missing site module": ("import os\nimport mr_reduction_of_site\n", 2, "No module named 'mr_reduction_of_site'"),
    "a method that is not there": (
        "n = input.getNumberEvent()\n",
        1,
        "'MatrixWorkspace' object has no attribute 'getNumberEvent'; did you mean 'getNumberEvents'?",
    ),
}


def run_scripts(place: Path, engine: str = "builtin", **scripts: str) -> tuple[int, str]:
    return run(write(place, scripts, instrument="PG3", engine=engine, script_dir=".", source="adara://localhost:31415"))


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_typical_mistake_that_every_call_meets_is_a_problem_with_its_line(place: Path, mistake: str) -> None:
    text, line, sentence = MISTAKES[mistake]
    code, shown = run_scripts(place, proc=text)
    assert code == 78
    (problem,) = listed(shown, "problem")
    assert problem.startswith(f"{place}/reduce_PG3_live_proc.py:{line}: ")
    assert sentence in problem
    if mistake != "Python 2":
        assert f"  {place}/reduce_PG3_live_proc.py\n    line {line}: {sentence}" in shown


@pytest.mark.parametrize("mistake", set(MISTAKES) - {"Python 2"})
def test_in_a_branch_it_is_told_and_the_rest_can_run(place: Path, mistake: str) -> None:
    text, line, sentence = MISTAKES[mistake]
    code, shown = run_scripts(place, post_proc="if False:\n    " + text.replace("\n", "\n    ").rstrip(" "), proc=GOOD)
    assert code == 0
    assert f"  {place}/reduce_PG3_live_post_proc.py\n    line {line + 1}: {sentence}" in shown
    assert shown.endswith("\nthis can run, but a call of a script fails where it meets an obstacle\n")


def test_an_import_that_the_script_can_do_without_is_a_note(place: Path) -> None:
    text = "try:\n    import mr_reduction_of_site\nexcept ImportError:\n    mr_reduction_of_site = None\n"
    code, shown = run_scripts(place, proc=text)
    assert code == 0
    assert "\n1 obstacle in the scripts\n" in shown
    assert "line 2: No module named 'mr_reduction_of_site'" in shown
    assert "(the script catches this error)" in shown
    assert shown.endswith("\nthis can run\n")


def test_what_is_there_is_no_obstacle(place: Path) -> None:
    """The standard library, the environment, a module and a folder beside the scripts, the facility's helpers."""
    (place / "beside.py").write_text("import json\n")
    (place / "folder").mkdir()
    elsewhere = place / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "added.py").write_text("")
    text = (
        "import os, sys, numpy as np, beside, folder.x, mantid.simpleapi\nfrom finddata import publish_plot\n"
        f"sys.path.append('{elsewhere}')\nimport added\nfrom mantid.kernel import logger\nimport livereduce\n"
        "ws = Rebin(InputWorkspace=input, params='0,100,20000', OutputWorkspace=output)\nprint(ws.getNumberEvents())\n"
        "logger.information(str(mtd[str(input)].readY(0).sum().anything))\n"
    )
    code, shown = run_scripts(place, proc=text, post_proc=GOOD)
    assert "obstacle" not in shown
    assert (code, shown.endswith("\nthis can run\n")) == (0, True)


def test_the_modules_of_the_scripts_are_read_too(place: Path) -> None:
    (place / "beside.py").write_text("from mantid.simpleapi import *\n\ndef f(ws):\n    return BinMD(ws)\n")
    code, shown = run_scripts(place, proc="import beside\n")
    assert code == 0
    assert f"  {place}/beside.py\n    line 4: BinMD is an algorithm of Mantid" in shown


def test_a_module_that_every_call_imports_ends_every_call(place: Path) -> None:
    (place / "beside.py").write_text("import deeper\n")
    (place / "deeper.py").write_text("import mr_reduction_of_site\n")
    code, shown = run_scripts(place, proc="from beside import f\n")
    (problem,) = listed(shown, "problem")
    assert problem.startswith(f"{place}/deeper.py:1: every call ends here: No module named 'mr_reduction_of_site'")
    assert code == 78
    code, shown = run_scripts(place, proc="if input:\n    from beside import f\n")
    assert code == 0


def test_many_obstacles_are_counted_and_some_are_shown(place: Path) -> None:
    _, shown = run_scripts(place, proc="if input:\n" + "".join(f"    input.x{n}()\n" for n in range(30)))
    section = next(part for part in shown.split("\n\n") if part.startswith("30 obstacles in the scripts\n"))
    assert section.count("line ") == 20
    assert section.endswith("  and 10 more")


def test_the_same_obstacle_is_told_once_with_all_its_lines(place: Path) -> None:
    _, shown = run_scripts(place, proc="if input:\n" + "    BinMD(input)\n" * 3)
    assert "\n1 obstacle in the scripts\n" in shown
    assert "    lines 2, 3, 4: BinMD is an algorithm of Mantid" in shown


def test_with_mantid_only_what_mantid_does_not_have_is_told(place: Path, launchers: Launchers) -> None:
    launchers.environment("mantid_dev")
    lines = ("from mantid.simpleapi import Rebin", "DgsReduction(input)", "input.getPeaks()", "Rebinn(input, 2)")
    text = "\n".join((*lines, "Rebin(input, Parms=1)", "import json, only_there, no_such_library\n"))
    (place / "only_there.py").write_text("")
    code, shown = run(write(place, {"proc": text}, instrument="PG3", CONDA_ENV="mantid-dev", script_dir="."))
    section = next(part for part in shown.split("\n\n") if "obstacles in the scripts\n" in part)
    assert section.count("line ") == 3
    assert "line 4: Mantid has no algorithm 'Rebinn'; did you mean 'Rebin'" in section
    assert "line 5: Rebin has no argument 'Parms'" in section
    assert "line 6: No module named 'no_such_library'" in section
    assert code == 78, "of the import, every call is sure to end there"


def test_a_module_of_the_environment_of_the_worker_is_there(place: Path, launchers: Launchers) -> None:
    """The check asks the Python of that environment, whatever the one that it runs in itself has."""
    python = launchers.environment("mantid_dev")
    packages = next(path for path in python.parents[1].rglob("site-packages"))
    (packages / "only_there.py").write_text("raise SystemExit('it was imported')")
    text = "import only_there\nimport numpy_that_is_nowhere\n"
    _, shown = run(write(place, {"proc": text}, instrument="PG3", CONDA_ENV="mantid-dev", script_dir="."))
    assert "\n1 obstacle in the scripts\n" in shown
    assert "line 2: No module named 'numpy_that_is_nowhere'" in shown


def test_values_of_the_control_system_are_said(place: Path) -> None:
    scripts = {"proc": "pass\n"}
    keys = {"instrument": "PG3", "engine": "builtin", "script_dir": "."}
    assert rows(run(write(place, scripts, **keys))[1])["control system"] == "none"
    _, text = run(write(place, scripts, **keys, epics={"prefix": "BL11A:LR:"}))
    told = "BL11A:LR:…, served by livereduce pvs on 127.0.0.1 (clients on this host only)"
    assert rows(text)["control system"] == told
    assert listed(text, "warning") == []
    _, text = run(write(place, scripts, **keys, epics={"prefix": "B:", "interfaces": ["0.0.0.0"]}))
    assert rows(text)["control system"] == "B:…, served by livereduce pvs on all addresses of this host"


def test_addresses_that_this_host_has_not_and_names_that_get_no_pv(place: Path) -> None:
    made = Fabricated(place / "made", "PG3")
    for name in ("d.spacing", "d_spacing", "x" * 70):
        made.publish(pattern(7, 100, name))
    epics = {"prefix": "BL11A:LR:", "interfaces": ["192.0.2.7"]}
    keys = {"instrument": "PG3", "engine": "builtin", "script_dir": ".", "state_dir": str(made.path / "state")}
    code, text = run(write(place, {"proc": "pass\n"}, **keys, epics=epics))
    assert code == 0, "the reduction runs all the same"
    strange, collide, long = listed(text, "warning")
    assert strange.startswith('"epics.interfaces": 192.0.2.7 is no address of this host, which has 127.0.0.1')
    assert collide.startswith("no PV for product 'd.spacing' and 'd_spacing': all of them would be BL11A:LR:Total:d_s")
    assert "is longer than the 60 characters of EPICS" in long


def test_interfaces_without_a_prefix_have_no_effect(place: Path) -> None:
    keys = {"instrument": "PG3", "engine": "builtin", "script_dir": ".", "epics": {"interfaces": ["127.0.0.1"]}}
    _, text = run(write(place, {"proc": "pass\n"}, **keys))
    assert listed(text, "warning") == ['"epics.interfaces" has no effect without "epics.prefix"']
