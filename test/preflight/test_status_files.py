"""Where the status and the products of a configuration are: found without a look at what may hang."""

import json
from pathlib import Path

import pytest

from livereduce.config.file import read_file
from livereduce.messages.status import FILE_NAME
from livereduce.preflight import resolve, status_files
from livereduce.preflight.host import look_at_host
from livereduce.preflight.resolve import survey
from livereduce.preflight.status_files import find_products, find_statuses


@pytest.fixture(autouse=True)
def _no_look_at_scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(resolve, "read_set")
    monkeypatch.delattr(resolve, "source_problems")


def conf(folder: Path, **keys: object) -> Path:
    path = folder / "mine.conf"
    path.write_text(json.dumps(keys))
    return path


def test_by_the_environment_and_the_instrument(tmp_path: Path) -> None:
    environ = {"XDG_RUNTIME_DIR": str(tmp_path / "run"), "XDG_STATE_HOME": str(tmp_path / "state")}
    path = conf(tmp_path, instrument="POWGEN", script_dir="/hangs", engine="builtin")
    assert find_statuses(path, environ, tmp_path)[0] == tmp_path / "run" / "livereduce" / "PG3" / FILE_NAME
    assert find_products(path, environ, tmp_path)[0] == tmp_path / "state" / "livereduce" / "PG3" / "products"


def test_without_an_instrument_where_a_daemon_says_why_it_is_parked(tmp_path: Path) -> None:
    environ = {"XDG_RUNTIME_DIR": str(tmp_path / "run"), "XDG_STATE_HOME": str(tmp_path), "HOME": str(tmp_path)}
    path = conf(tmp_path, instrument=5)
    assert find_statuses(path, environ, tmp_path)[0] == tmp_path / "livereduce.run" / FILE_NAME
    assert find_products(path, environ, tmp_path) == [Path("/var/lib/livereduce/products")]
    assert find_products(conf(tmp_path, state_dir=5), {}, tmp_path) == []


@pytest.mark.parametrize("keys", [{}, {"runtime_dir": "r", "state_dir": "/s"}, {"instrument": "nonsense"}])
def test_the_host_is_not_looked_at_if_no_directory_depends_on_it(
    keys: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its Mantid and the home directory may be on the file server that hangs."""
    monkeypatch.delattr(status_files, "look_at_host")
    path = conf(tmp_path, **keys)
    assert find_statuses(path, {}, tmp_path)[0].parent == tmp_path / keys.get("runtime_dir", "livereduce.run")
    assert find_products(path, {}, tmp_path)[0].parent == tmp_path / keys.get("state_dir", "livereduce.state")


@pytest.mark.parametrize("instrument", ["POWGEN", "nonsense", None, 5])
@pytest.mark.parametrize("engine", ["builtin", "mantid", 7])
@pytest.mark.parametrize("home", ["state", "not/absolute"])
def test_they_are_those_that_the_daemon_uses(
    instrument: object, engine: object, home: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {"instrument": instrument, "engine": engine, "script_dir": str(tmp_path)}
    path = conf(tmp_path, **keys)
    absolute = str(tmp_path / home) if home == "state" else home
    environ = {"XDG_RUNTIME_DIR": absolute, "XDG_STATE_HOME": absolute, "HOME": str(tmp_path)}
    found = (find_statuses(path, environ, tmp_path)[0].parent, find_products(path, environ, tmp_path))
    monkeypatch.undo()
    reading = read_file(path)
    seen = survey(reading.config, look_at_host(environ, tmp_path), reading.bad_keys)
    assert found[0] == status_files.runtime_directory(seen, environ, tmp_path)
    assert found[1][:-1] == ([seen.state_dir / "products"] if seen.state_dir else [])
