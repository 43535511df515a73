"""The first lines of the log."""

import logging
from pathlib import Path

import pytest

from livereduce.base.logs import user_name
from livereduce.config.file import Config
from livereduce.config.instrument import Instrument
from livereduce.daemon.report.startup import log_startup
from livereduce.preflight.resolve import Resolved
from livereduce.scripting.files import ScriptFile
from livereduce.scripting.script_set import ScriptSet

RESOLVED = Resolved(
    config=Config(path=Path("/etc/x.conf"), instrument="PG3", update_every_s=5.0, script_dir=Path("/s")),
    instrument=Instrument(name="POWGEN", short_name="PG3", facility="SNS"),
    engine="builtin",
    interpreter="/bin/python",
    environment="this python",
    script_dir=Path("/s"),
    scripts=ScriptSet(proc=ScriptFile(path=Path("/s/proc.py"), text=b"", md5="abc123")),
    source="adara://host:31415",
    tof_bins_us=(0.0, 1.0, 2.0),
    runtime_dir=Path("/run"),
    state_dir=Path("/state"),
    warnings=("be careful",),
    mantid="6.11.0, /opt/mantid",
)


def test_start_up_says_what_was_set_up(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        log_startup(RESOLVED, ["livereduce", "run"])
    text = caplog.text
    for word in (
        f"started by {user_name()}: livereduce run",
        "interpreter: /bin/python",
        "configuration: /etc/x.conf",
        '"update_every": 5.0',
        '"script_dir": "/s"',
        '"limits.process": 600.0',
        "instrument: POWGEN (PG3), facility SNS",
        "proc script: /s/proc.py, md5 abc123",
        "post_proc script: none, the accumulated data are the result",
        "engine: builtin in this python, stream adara://host:31415",
        "Mantid: 6.11.0, /opt/mantid",
    ):
        assert word in text
    assert "read again" not in text
    assert caplog.records[-1].levelname == "WARNING"
    assert caplog.records[-1].message == "be careful"


def test_a_daemon_that_goes_on_with_new_files_was_not_started(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        log_startup(RESOLVED, ())
    assert "started by" not in caplog.text
    assert caplog.messages[0] == "configuration and scripts were read again:"
