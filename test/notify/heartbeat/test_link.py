"""The heartbeat against a real broker (ActiveMQ), and against servers that are none."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from helpers.broker import PASSWORD, USER, Broker, a_broker
from helpers.statuses import status
from livereduce.base.errors import OperatorError
from livereduce.config.file import Config
from livereduce.messages.status import StateWord
from livereduce.notify.facts import Looked
from livereduce.notify.heartbeat.link import Heart, heart_of, read_credentials

stomp = pytest.importorskip("stomp", reason="stomp.py is not installed (the extra heartbeat)")

TOPIC, PING, ACK = "/topic/TST.PG3.STATUS.LIVEREDUCE", "/topic/TST.COMMON.STATUS.PING", "/topic/TST.COMMON.STATUS.ACK"
PATIENCE_S = 50.0
WELL = Looked(instrument="PG3", status=status())


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with a_broker(tmp_path_factory.mktemp("activemq")) as broker:
        yield broker


def config(*brokers: str, **facts: Any) -> Config:
    return Config(
        heartbeat_brokers=brokers, heartbeat_destination=TOPIC, heartbeat_ping=PING, heartbeat_interval_s=1.0, **facts
    )


def beating(*brokers: str, **facts: Any) -> Heart:
    heart = heart_of(config(*brokers, **facts))
    assert heart
    return heart


def until(what: str, there: Callable[[], Any]) -> Any:
    waiting = threading.Event()
    for _ in range(int(PATIENCE_S / 0.05)):
        if found := there():
            return found
        waiting.wait(0.05)
    raise AssertionError(f"{what} does not come")


def test_the_web_monitor_sees_it_and_is_answered(broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "livereduce.notify")
    with broker.listening(TOPIC, ACK) as heard:
        heart = beating(broker.address)
        try:
            heart.see(WELL)
            until("a heartbeat", lambda: {"src_name": "livereduce", "status": "0", "pid": "1"} in heard.of(TOPIC))
            heart.see(Looked(instrument="PG3", status=status(StateWord.PARKED)))
            until("another status", lambda: any(one["status"] == "1" for one in heard.of(TOPIC)))
            heard.send(PING, json.dumps({"reply_to": ACK, "request_time": 12.5}))
            until("the answer", lambda: heard.of(ACK))
            assert heard.of(ACK)[0] == {"src_name": "livereduce.PG3", "status": "0", "request_time": 12.5}
            heard.send(PING, json.dumps({"reply_to": TOPIC, "request_time": 1}))
            heard.send(PING, "x" * 100_000)
        finally:
            heart.close()
        assert not heart._thread.is_alive()
    assert f"heartbeat: connected to {broker.address}, sending to {TOPIC}" in caplog.text


def test_it_comes_back_after_the_broker(broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    with broker.listening(TOPIC):
        heart = beating(broker.address)
        try:
            heart.see(WELL)
            until("the connection", lambda: heart._state.linked)
            broker.stop()
            until("the loss", lambda: "heartbeat: " in caplog.text)
            broker.start()
            with broker.listening(TOPIC) as heard:
                until("a heartbeat", lambda: heard.of(TOPIC))
        finally:
            heart.close()


def test_a_wrong_password_is_told_without_it(broker: Broker, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "broker.json"
    file.write_text(json.dumps({"username": "nobody", "password": "t0ps3cret"}))
    file.chmod(0o600)
    heart = beating(broker.address, heartbeat_credentials=file)
    try:
        heart.see(WELL)
        until("the refusal", lambda: "the broker refuses" in caplog.text or "connection is lost" in caplog.text)
    finally:
        heart.close()
    assert "t0ps3cret" not in caplog.text


def test_by_tls_with_a_password(
    broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "broker.json"
    file.write_text(json.dumps({"username": USER, "password": PASSWORD}))
    file.chmod(0o600)
    heart = beating(broker.tls_address, heartbeat_credentials=file, heartbeat_tls=True)
    try:
        until("the refusal of a broker that nobody vouches for", lambda: "certificate" in caplog.text)
        assert not heart._state.linked
        monkeypatch.setenv("SSL_CERT_FILE", str(broker.authority))
        with broker.listening(TOPIC) as heard:
            heart.see(WELL)
            until("a heartbeat", lambda: heard.of(TOPIC))
    finally:
        heart.close()


def _mute(server: socket.socket) -> str:
    return f"127.0.0.1:{server.getsockname()[1]}"


def test_a_broker_that_says_nothing(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr("livereduce.notify.heartbeat.beating.CONNECT_S", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as server:
        heart = beating(_mute(server))
        try:
            until("that it is given up", lambda: "no answer within 1 s" in caplog.text)
            until("another attempt", lambda: heart._state.failures >= 2)
        finally:
            heart.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n\r\n\0",
        b"\0" * 1000,
        b"CONNECTED\n",
        b"ERROR\nmessage:no\x1b[31m\n\n\0",
        b"\xff\xfe\n\n\0",
    ],
)
def test_a_server_that_is_no_broker(answer: bytes, caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for _ in range(2):
                connection, _ = server.accept()
                with connection:
                    connection.recv(4096)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        heart = beating(_mute(server))
        try:
            until("two failures", lambda: heart._state.failures >= 2)
        finally:
            heart.close()
        thread.join(PATIENCE_S)
    assert "heartbeat: 127.0.0.1" in caplog.text
    assert "\x1b" not in caplog.text


def test_without_stomp_it_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "stomp", None)
    assert heart_of(config("a:1")) is None
    assert "no module stomp" in caplog.text
    assert "-m pip install 'psutil>=5.9' 'stomp-py>=" in caplog.text


def test_without_brokers_or_destination_there_is_none(caplog: pytest.LogCaptureFixture) -> None:
    assert heart_of(Config()) is None
    assert caplog.text == ""
    assert heart_of(Config(heartbeat_brokers=("a:1",), instrument="POWDER")) is None
    assert '"heartbeat.destination" is not set' in caplog.text


@pytest.mark.parametrize(
    "text", ["", "[]", '{"username": "a"}', '{"username": 1, "password": "t0ps3cret"}', "[" * 3000]
)
def test_credentials_that_are_none(text: str, tmp_path: Path) -> None:
    file = tmp_path / "broker.json"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(OperatorError) as told:
        read_credentials(file)
    assert "expected JSON" in str(told.value)
    assert "t0ps3cret" not in str(told.value)
