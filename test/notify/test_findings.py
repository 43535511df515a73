"""Dead banks from a status page: what it answers, and what may answer in its place."""

import json
import socket
from collections.abc import Callable
from dataclasses import replace

import pytest

from helpers.rude_server import rude_server, saying
from livereduce.notify import findings
from livereduce.notify.facts import DeadBank
from livereduce.notify.findings import PageFindings, PageSilent, ask_page, dead_banks_in, id_of
from livereduce.viewer.findings.facts import Finding, FindingKind, FoundIn
from livereduce.viewer.findings.watch import FindingsWatch
from livereduce.viewer.findings.wording import findings_body

CARDS = {"instruments": [{"id": "a", "name": "PG3", "peer": "http://x"}, {"id": "pg3", "name": "PG3", "peer": None}]}
FOUND = {
    "findings": [
        {"kind": "dead", "what": "bank", "bank": "bank7", "pixels": "1-9", "text": "bank7 counts nothing"},
        {"kind": "dead", "what": "pixel", "bank": "bank8", "pixels": "3", "text": "a pixel"},
        {"kind": "hot", "what": "bank", "bank": "bank9", "pixels": "3", "text": "hot"},
    ],
    "looked_s": 12.5,
    "note": "",
}


def page(answers: dict[str, object]) -> Callable[[socket.socket, bytes], None]:
    def answer(connection: socket.socket, request: bytes) -> None:
        body = json.dumps(answers[request.split()[1].decode()]).encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    return answer


def test_the_dead_banks_of_our_instrument() -> None:
    with rude_server(page({"/api/instruments": CARDS, "/api/instruments/pg3/findings": FOUND})) as url:
        assert ask_page(url, "PG3") == (DeadBank(bank="bank7", text="bank7 counts nothing"),)
        with pytest.raises(PageSilent, match="does not show NOM"):
            ask_page(url, "NOM")


def test_a_refusal_has_its_reason() -> None:
    body = b'{"error": "not available with the Mantid engine"}'
    with (
        rude_server(saying(b"HTTP/1.1 409 x\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))) as url,
        pytest.raises(PageSilent, match="HTTP status 409: not available with the Mantid engine"),
    ):
        ask_page(url, "PG3")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"instruments": 5}', '{"instruments": [5]}', "[" * 50_000])
def test_what_is_no_page(text: str) -> None:
    with pytest.raises(PageSilent):
        id_of(text.encode(), "PG3")
    with pytest.raises(PageSilent):
        dead_banks_in(text.replace("instruments", "findings").encode())


def test_it_asks_in_the_background(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(findings, "ASK_EVERY_S", 0.01)
    with rude_server(page({"/api/instruments": CARDS, "/api/instruments/pg3/findings": FOUND})) as url:
        asker = PageFindings(url)
        try:
            assert asker.dead_banks("PG3") is None
            while asker.dead_banks("PG3") is None:
                asker._closed.wait(0.01)
            assert asker.dead_banks("PG3") == (DeadBank(bank="bank7", text="bank7 counts nothing"),)
            assert asker.dead_banks("NOM") is None
            while "does not show NOM" not in caplog.text:
                asker._closed.wait(0.01)
        finally:
            asker.close()
    assert not asker._thread.is_alive()
    assert caplog.text.count("does not show NOM") == 1


def test_what_the_viewer_names_is_what_is_told() -> None:
    found = Finding(
        kind=FindingKind.DEAD, what=FoundIn.BANK, bank="bank7", pixels="", since_ns=10**18, text="bank7 is dead"
    )
    hot = replace(found, kind=FindingKind.HOT)
    body = {"findings": findings_body((found, hot)), "looked_s": 1.0, "note": ""}
    assert dead_banks_in(json.dumps(body).encode()) == (DeadBank(bank="bank7", text="bank7 is dead"),)


def test_what_has_not_looked_does_not_say_that_all_is_well() -> None:
    fresh = FindingsWatch().body(41, 0, 1.0)
    assert dead_banks_in(json.dumps(fresh).encode()) is None, "a viewer that has just been started"
    failed = fresh | {"looked_s": 100.0, "note": "the search for faults has failed"}
    with pytest.raises(PageSilent, match="the search for faults has failed"):
        dead_banks_in(json.dumps(failed).encode())
