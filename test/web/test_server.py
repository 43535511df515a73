"""The server as a process: its life, its news, many who watch, some who misbehave, and what it asks the daemon for."""

import json
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from helpers.desk import desk_in
from helpers.fabricated import Fabricated, pattern
from helpers.watching import CRAMPED, IMPATIENT, PATIENCE_S, PLAIN, Web, command, watcher, web
from livereduce.base.errors import ExitCode, OperatorError
from livereduce.daemon.orders.desk import RequestDone
from livereduce.messages.request import NotDone, Request, Want
from livereduce.messages.status import StateWord
from livereduce.web.server import listen, make_context

TOKEN = "correct-horse-battery"


@pytest.fixture
def powder(tmp_path: Path) -> Fabricated:
    made = Fabricated(tmp_path / "powder", "POWDER")
    made.publish(pattern(41, 2000))
    made.say()
    return made


def get(of: Web, path: str) -> Any:
    with urllib.request.urlopen(f"{of.url}{path}", timeout=PATIENCE_S) as response:
        return json.load(response)


# ---- its life


def test_it_ends_in_order_also_while_somebody_watches(powder: Fabricated, tmp_path: Path) -> None:
    with web(tmp_path, [powder.conf]) as server, watcher(server) as one:
        assert one.next() == ("hello", {})
        assert server.stop() == (ExitCode.OK, "")
        assert all(news[0] != "end" for news in iter(one.next, None)), "the stream ends as well"


def test_an_address_that_is_taken_is_said_and_nothing_is_served(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        asked = command([], "--port", port)
        done = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (ExitCode.UNUSABLE, "")
    assert f"cannot listen on 127.0.0.1 port {port}: Address already in use" in done.stderr


def test_what_is_no_address_is_named(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="--port 70000: expected a number"):
        listen("127.0.0.1", 70000)
    with pytest.raises(OperatorError, match=r"cannot listen on no\.such\.host\.invalid port 0: "):
        listen("no.such.host.invalid", 0)
    with pytest.raises(OperatorError, match="--peer nowhere: expected"):
        make_context([], ["nowhere"], None, {}, tmp_path)


def test_it_listens_to_this_host_alone_and_has_only_read(powder: Fabricated, tmp_path: Path) -> None:
    before = sorted(str(path) for path in powder.path.rglob("*"))
    with web(tmp_path, [powder.conf]) as server:
        get(server, "/api/instruments")
        process = psutil.Process(server.process.pid)
        listening = [one.laddr.ip for one in process.net_connections() if one.status == psutil.CONN_LISTEN]
        assert listening == ["127.0.0.1"]
        assert process.nice() > 0, "the reduction goes first"
    assert sorted(str(path) for path in powder.path.rglob("*")) == before


# ---- news


def test_everything_is_told_at_first_and_then_what_changes(powder: Fabricated, tmp_path: Path) -> None:
    with web(tmp_path, [powder.conf]) as server, watcher(server) as one:
        assert one.next() == ("hello", {})
        assert one.wait("status", id="powder")["card"]["state"] == "running"
        version = one.wait("product", id="powder", run=41, name="result")["version"]
        powder.publish(pattern(41, 3000))
        while (newer := one.wait("product", id="powder", run=41, name="result")["version"]) == version:
            pass  # its shape has become known
        assert get(server, "/api/instruments/powder/products/41/result")["version"] == newer
        powder.say(state=StateWord.PARKED, why="no scripts")
        while (card := one.wait("status", id="powder")["card"])["state"] != "parked":
            pass
        assert card["why"] == "no scripts"


def test_a_daemon_that_goes_down_and_comes_back(powder: Fabricated, tmp_path: Path) -> None:
    with web(tmp_path, [powder.conf]) as server, watcher(server) as one:
        one.wait("product")
        with subprocess.Popen([sys.executable, "-c", ""]) as gone:
            pass
        powder.say(pid=gone.pid)
        down = one.wait("down", id="powder")
        assert f"(pid {gone.pid}) is gone, although nobody stopped it" in down["down"]
        card = get(server, "/api/instruments/powder")["card"]
        assert (card["state"], card["since"]) == ("down", powder.status.updated)
        powder.say(pid=server.process.pid)
        assert one.wait("down", id="powder")["down"] == ""
        powder.say(state=StateWord.STOPPED, why="SIGTERM received")
        assert one.wait("down")["down"] == "the daemon was stopped (SIGTERM received)"
        kinds = [mark["kind"] for mark in get(server, "/api/instruments/powder/timeline")["marks"]]
        assert kinds.count("down") == 3


def test_before_there_is_anything_it_answers_and_sees_it_come(tmp_path: Path) -> None:
    conf = tmp_path / "livereduce.conf"
    with web(tmp_path, [conf]) as server, watcher(server) as one:
        card = get(server, "/api/instruments")["instruments"][0]
        assert (card["state"], card["run"]) == ("down", None)
        assert "no daemon status found" in card["down"]
        later = Fabricated(tmp_path / "later", "POWDER")
        conf.write_text(later.conf.read_text())
        later.say(configuration=str(conf))
        assert one.wait("down", id=card["id"])["down"] == ""


def test_only_what_is_asked_for_is_told(powder: Fabricated, tmp_path: Path) -> None:
    other = Fabricated(tmp_path / "other", "OTHER")
    other.say()
    with web(tmp_path, [powder.conf, other.conf]) as server, watcher(server, "?id=other") as one:
        one.wait("status", id="other")
        powder.publish(pattern(42, 100))
        other.publish(pattern(1, 100))
        one.wait("product", id="other")
        assert {news[1].get("id") for news in one.told[1:]} == {"other"}


# ---- many, slow and bad ones


def test_hundreds_watch_and_one_that_does_not_read_harms_nobody(powder: Fabricated, tmp_path: Path) -> None:
    with web(tmp_path, [powder.conf]) as server, ExitStack() as crowd:
        process = psutil.Process(server.process.pid)
        deaf = crowd.enter_context(watcher(server))
        deaf.next()
        watchers = [crowd.enter_context(watcher(server)) for _ in range(300)]
        for one in watchers:
            one.wait("product")
        assert get(server, "/healthz")["watchers"] == 301
        before = process.memory_info().rss
        for events in range(10):
            powder.publish(pattern(41, 1000 + events))
            version = watchers[0].wait("product", run=41)["version"]
        for one in watchers[1:]:
            one.wait("product", run=41, version=version)
        assert process.memory_info().rss - before < 100 << 20


def refused(of: Web, source: str = "127.0.0.1", headers: str = "") -> bool:
    """Whether somebody who wants to watch from an address is sent away at once."""
    with socket.create_connection(of.address, timeout=PATIENCE_S, source_address=(source, 0)) as one:
        one.sendall(f"GET /api/events HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n".encode())
        return one.recv(20).split()[1] == b"429"


def test_one_client_cannot_take_all_places_whatever_it_says_of_itself(powder: Fabricated, tmp_path: Path) -> None:
    with web(tmp_path, [powder.conf], program=CRAMPED) as server, ExitStack() as crowd:
        for _ in range(4):
            crowd.enter_context(watcher(server)).next()
        assert refused(server)
        assert refused(server, headers="X-Forwarded-For: 10.1.2.3\r\n"), "anybody can say that"
        assert not refused(server, "127.0.0.2")


def test_behind_a_proxy_that_is_known_each_client_counts_by_itself(powder: Fabricated, tmp_path: Path) -> None:
    proxy = {"FORWARDED_ALLOW_IPS": "127.0.0.1"}
    said = "X-Forwarded-For: 10.1.2.3\r\n"
    with web(tmp_path, [powder.conf], program=CRAMPED, environ=proxy) as server, ExitStack() as crowd:
        for _ in range(4):
            crowd.enter_context(watcher(server, headers=said)).next()
        assert refused(server, headers=said)
        assert not refused(server, headers="X-Forwarded-For: 10.1.2.4\r\n")
        assert refused(server, headers="X-Forwarded-For: 10.1.2.4, 10.1.2.3\r\n"), "the proxy itself says it last"


@pytest.mark.parametrize("host", ["::", "0::0", "::0"])
def test_everywhere_is_ipv4_too(tmp_path: Path, host: str) -> None:
    if not socket.has_dualstack_ipv6():
        pytest.skip("this host has no IPv6 sockets that take IPv4 too")
    with web(tmp_path, [tmp_path / "nowhere.conf"], "--host", host) as server:
        port = server.address[1]
        for address in ("127.0.0.1", "::1"):
            with socket.create_connection((address, port), timeout=PATIENCE_S) as one:
                one.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                assert one.recv(12) == b"HTTP/1.1 200"


def test_an_address_of_ipv6_alone_says_so(tmp_path: Path) -> None:
    if not socket.has_ipv6:
        pytest.skip("this host has no IPv6")
    program = "import socket\nsocket.has_dualstack_ipv6 = lambda: False\n" + PLAIN
    with web(tmp_path, [tmp_path / "nowhere.conf"], "--host", "::", program=program) as server:
        _, said = server.stop()
        assert "--host :: listens on IPv6 only on this host; for IPv4 start it with --host 0.0.0.0" in said


def test_who_leaves_is_forgotten(powder: Fabricated, tmp_path: Path) -> None:
    with web(tmp_path, [powder.conf]) as server:
        with ExitStack() as crowd:
            for _ in range(20):
                crowd.enter_context(watcher(server)).next()
        while get(server, "/healthz")["watchers"]:
            pass


@pytest.mark.parametrize(
    "said", [b"", b"GET / HTTP/1.1\r\nHost: localho", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"]
)
def test_a_connection_on_which_nothing_more_comes_is_closed(said: bytes, tmp_path: Path) -> None:
    with web(tmp_path, [tmp_path / "nowhere.conf"], program=IMPATIENT) as server:
        with socket.create_connection(server.address, timeout=PATIENCE_S) as one, suppress(ConnectionError):
            one.sendall(said)
            while one.recv(1 << 16):
                pass
        assert get(server, "/healthz")["ok"] is True


def test_who_takes_nothing_of_what_was_asked_for_is_let_go(tmp_path: Path) -> None:
    with web(tmp_path, [tmp_path / "nowhere.conf"], program=IMPATIENT) as server, socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.connect(server.address)
        for _ in range(20):
            one.sendall(b"GET /static/plotly.min.js HTTP/1.1\r\nHost: localhost\r\n\r\n")
        process = psutil.Process(server.process.pid)
        while any(link.raddr and link.status == psutil.CONN_ESTABLISHED for link in process.net_connections()):
            pass
        assert get(server, "/healthz")["ok"] is True


@pytest.mark.parametrize(
    "junk",
    [
        b"\x00" * 1000,
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        b"POST /api/instruments/powder/restart HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
        b"GET /api/instruments/\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    ],
)
def test_what_is_no_request_gets_a_4xx_and_no_more(junk: bytes, junkyard: Web) -> None:
    with socket.create_connection(junkyard.address, timeout=PATIENCE_S) as one:
        answer = b""
        with suppress(
            ConnectionError
        ):  # of a long one the rest is not even read, and the answer may be lost on the way
            one.sendall(junk)
            one.shutdown(socket.SHUT_WR)
            answer = one.recv(100)
        assert answer.startswith(b"HTTP/1.1 4") or (not answer and len(junk) > 16 << 10)
    assert get(junkyard, "/healthz")["ok"] is True


@pytest.fixture(scope="module")
def junkyard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder = tmp_path_factory.mktemp("junkyard")
    with web(folder, [folder / "nowhere.conf"]) as server:
        yield server
        code, errors = server.stop()
        assert (code, "Traceback" in errors) == (0, False), errors


# ---- requests to the daemon


def ask(of: Web, path: str) -> tuple[int, Any]:
    address = f"{of.url}/api/instruments/powder/{path}"
    headers = {"Authorization": f"Bearer {TOKEN}", "Origin": of.url}
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers, method="POST")) as response:
            return int(response.status), json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_what_the_page_asks_reaches_the_daemon_and_its_answer_comes_back(powder: Fabricated, tmp_path: Path) -> None:
    token, asked, socket_file = tmp_path / "token", [], powder.path / "run" / "orders"
    token.write_text(TOKEN)
    token.chmod(0o600)

    def obeys(request: Request) -> RequestDone:
        asked.append(request)
        if request.want is Want.TAKE_BACK:
            raise NotDone("nothing was promoted here")
        return RequestDone(f"{request.want} of {request.seen or 'nothing'}")

    with web(tmp_path, [powder.conf], "--token-file", str(token)) as server:
        none = ask(server, "restart")
        assert (none[0], "there is no such socket; no daemon of this version" in none[1]["error"]) == (409, True)
        with desk_in(powder.path / "run", lambda request, _: obeys(request)):
            while not socket_file.exists():
                pass
            assert ask(server, "restart") == (202, {"asked": True, "text": "restart of nothing"})
            assert ask(server, f"promote?seen={'a' * 32}") == (200, {"text": f"promote of {'a' * 32}"})
            assert ask(server, "take_back") == (409, {"error": "nothing was promoted here"})
            assert ask(server, "promote")[0] == 422
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as left:
            left.bind(str(socket_file))
        stale = ask(server, "restart")
        assert (stale[0], "nobody listens there; the daemon that made it has ended" in stale[1]["error"]) == (409, True)
        powder.say(pid=2**31 - 2)
        while not get(server, "/api/instruments/powder")["card"]["down"]:
            pass
        assert ask(server, "restart")[1]["error"].startswith("there is no daemon to ask: ")
    assert [one.want for one in asked] == [Want.RESTART, Want.PROMOTE, Want.TAKE_BACK]
    assert {one.who for one in asked} == {"the page, for 127.0.0.1"}


# ---- peers


def test_other_pages_are_shown_and_missed(powder: Fabricated, tmp_path: Path) -> None:
    other = Fabricated(tmp_path / "other", "OTHER")
    other.say()
    with web(tmp_path, [other.conf]) as far, web(tmp_path, [powder.conf], "--peer", far.url) as near:

        def cards() -> dict[str, Any]:
            return {card["id"]: card for card in get(near, "/api/instruments")["instruments"]}

        while "other" not in cards() or cards()["other"]["state"] != "running":
            pass
        assert cards()["other"]["peer"] == far.url
        assert cards()["powder"]["peer"] is None
        far.stop()
        while not (gone := cards()["other"])["down"]:
            pass
        assert (gone["state"], gone["peer"]) == ("down", far.url)
        assert "does not answer" in gone["down"]
