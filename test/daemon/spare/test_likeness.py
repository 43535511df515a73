import os
from pathlib import Path

import pytest

import livereduce
from livereduce.daemon.spare.likeness import likeness


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment with a package of ours and a place for others."""
    package = tmp_path / "lib" / "python3.11" / "site-packages" / "livereduce"
    (package / "worker").mkdir(parents=True)
    for name in ("__init__.py", "worker/main.py"):
        (package / name).write_text("x = 1\n")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").touch()
    monkeypatch.setattr(livereduce, "__file__", str(package / "__init__.py"))
    return tmp_path


def test_the_same_is_like_itself(environment: Path) -> None:
    python = str(environment / "bin" / "python")
    assert likeness(python, {"A": "1", "B": "2"}) == likeness(python, {"B": "2", "A": "1"})


def test_every_change_makes_another(environment: Path) -> None:
    python = environment / "bin" / "python"
    site_packages = environment / "lib" / "python3.11" / "site-packages"
    seen = [likeness(str(python), {"A": "1"}), likeness(str(python), {"A": "2"}), likeness("/usr/bin/python3", {})]
    (site_packages / "livereduce" / "worker" / "main.py").write_text("x = 22\n")
    seen.append(likeness(str(python), {"A": "1"}))
    os.utime(site_packages, ns=(1, 1))  # another package was installed
    seen.append(likeness(str(python), {"A": "1"}))
    os.utime(python, ns=(1, 1))
    seen.append(likeness(str(python), {"A": "1"}))
    assert len(set(seen)) == len(seen)


def test_what_does_not_exist_has_a_likeness_too(environment: Path) -> None:
    assert likeness("/no/such/python", {}) != likeness(str(environment / "bin" / "python"), {})
