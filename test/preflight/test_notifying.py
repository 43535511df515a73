"""What `check` says of notifications and heartbeat: commands and files that are not there, or read by too many."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from livereduce.cli import main
from livereduce.config.file import Config, parse_config
from livereduce.preflight.host import Host
from livereduce.preflight.notifying import destination_of, notify_warnings, ping_of

HOST = Host(environ={}, cwd=Path("/"))
SECRET = "https://chat.example/t0ps3cret"


def config(**keys: object) -> Config:
    return parse_config(json.dumps(keys), None)


def said(*entries: dict[str, object], host: Host = HOST) -> str:
    return "\n".join(notify_warnings(config(notify=list(entries)), host, 10.0))


def test_nothing_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "hook"
    file.write_text(SECRET)
    file.chmod(0o600)
    assert said({"on": ["down"], "command": ["/bin/true"]}, {"on": ["down"], "webhook_file": str(file)}) == ""


def test_commands_that_cannot_be_run(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("x")
    entries: list[dict[str, object]] = [
        {"on": ["down"], "command": [str(path)]} for path in (tmp_path / "none", plain, tmp_path)
    ]
    texts = said(*entries)
    missing, not_executable, folder = texts.splitlines()
    assert missing == f"notify, entry 1 (command {tmp_path}/none): {tmp_path}/none: No such file or directory"
    assert "is not executable (-rw-" in not_executable
    assert folder.endswith(f"{tmp_path} is not a file")


def test_files_with_secrets_that_everybody_may_read(tmp_path: Path) -> None:
    file = tmp_path / "hook"
    file.write_text(SECRET)
    file.chmod(0o644)
    text = said({"on": ["down"], "webhook_file": str(file)})
    assert "everybody may read the address (mode 644); expected chmod o-rwx" in text
    assert "t0ps3cret" not in text
    text = "\n".join(
        notify_warnings(
            config(heartbeat={"brokers": "a", "credentials": str(file), "destination": "/topic/x"}), HOST, 9
        )
    )
    assert text == f"heartbeat: {file}: everybody may read the password (mode 644); expected chmod o-rwx"
    assert "cannot be read: No such file" in said({"on": ["down"], "webhook_file": str(tmp_path / "none")})


def test_what_only_the_service_may_read_is_not_complained_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "hook"
    file.write_text(SECRET)
    monkeypatch.setattr("os.access", lambda *_: False)
    monkeypatch.setattr("livereduce.preflight.notifying.read_secret", _refuse)
    host = replace(HOST, of_another_user=True)
    assert said({"on": ["down"], "webhook_file": str(file)}, host=host) == ""
    assert "no permission" in said({"on": ["down"], "webhook_file": str(file)})


def _refuse(path: Path, what: str, most_bytes: int) -> bytes:
    from livereduce.base.errors import OperatorError

    raise OperatorError(f"{path}: no permission {what} {most_bytes}")


def test_the_destinations_of_the_heartbeat() -> None:
    known = config(instrument="REF_M", heartbeat={"brokers": "a"})
    assert destination_of(known) == "/topic/SNS.REF_M.STATUS.LIVEREDUCE"
    assert ping_of(known) == "/topic/SNS.COMMON.STATUS.PING"
    named = config(heartbeat={"brokers": "a", "destination": "/topic/X.Y.STATUS.LR", "ping": "/topic/P"})
    assert (destination_of(named), ping_of(named)) == ("/topic/X.Y.STATUS.LR", "/topic/P")
    assert notify_warnings(known, HOST, 9) == ()
    (unknown,) = notify_warnings(config(instrument="POWDER", heartbeat={"brokers": "a"}), HOST, 9)
    assert 'set "heartbeat.destination"' in unknown
    (idle,) = notify_warnings(config(heartbeat={"interval": 5}), HOST, 9)
    assert idle == 'heartbeat: nothing is sent, although heartbeat.interval is set: "heartbeat.brokers" is not'


def test_check_says_it_and_it_can_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "reduce_POWDER_live_proc.py").write_text("pass\n")
    keys = {"instrument": "POWDER", "engine": "builtin", "source": "adara://127.0.0.1:1", "script_dir": str(tmp_path)}
    entries = [{"on": ["down"], "command": [str(tmp_path / "none")]}, {"on": ["dwn"], "webhook": SECRET}]
    path = tmp_path / "livereduce.conf"
    path.write_text(json.dumps(keys | {"notify": entries, "heartbeat": {"brokers": ["a"]}, "state_dir": str(tmp_path)}))
    assert main(["check", str(path)]) == 0
    out = capsys.readouterr().out
    for words in (
        "notify                      1 entry",
        "heartbeat.brokers           [a:61613]",
        "heartbeat.interval          30 s (default)",
        "none: No such file or directory",
        "unknown occasion 'dwn'; did you mean \"down\"?; it sends nothing",
        "this can run",
    ):
        assert words in out
    assert "t0ps3cret" not in out
