"""The machine itself: what the scenarios stand on."""

import os
from pathlib import Path

import pytest

from helpers.paths import ROOT
from system.machine import GROUP, ROOT_FILES, Machine, booted, unified_hierarchy

pytestmark = pytest.mark.system


def groups_of_this_test() -> set[Path]:
    return set(unified_hierarchy().glob(f"{GROUP}{os.getpid()}-*"))


def test_a_machine_is_a_world_of_its_own_and_leaves_nothing_behind(machine: Machine, tmp_path: Path) -> None:
    groups = groups_of_this_test()
    with booted(tmp_path, ROOT / "src") as other:
        assert other.run("readlink", "/proc/1/exe").stdout == "/usr/lib/systemd/systemd\n"
        assert other.run("systemctl", "list-units", "--failed", "--quiet").stdout == ""
        assert "stream-server" not in other.systemctl("list-units").stdout
        other.write("/etc/written", "here")
        other.reboot()
        assert other.run("cat", "/etc/written").stdout == "here"
        other.power_off()
        assert not Path(f"/proc/{other.pid}").exists()
    assert str(tmp_path) not in Path("/proc/self/mounts").read_text()
    assert groups_of_this_test() == groups
    assert [path.name for path in tmp_path.iterdir()] == ["console.log"]
    assert not (ROOT_FILES / "etc" / "written").exists()
