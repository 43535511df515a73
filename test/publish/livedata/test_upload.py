import json
import socket
import ssl
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.fabricated import pattern
from helpers.live_data_server import PASSWORD, USER, LiveDataServer, key_of, live_data_server
from helpers.rude_server import rude_server
from helpers.tools import needs
from livereduce.config.livedata import Publication, read_publication
from livereduce.publish.livedata.sender import PlotUploader
from livereduce.publish.livedata.upload import UploadFailed, upload


@pytest.fixture
def server() -> Iterator[LiveDataServer]:
    with live_data_server() as running:
        yield running


def read_back(server: LiveDataServer, instrument: str, run: int) -> str:
    address = f"{server.address}/plots/{instrument}/{run}/update/html/?key={key_of(instrument, run)}"
    with urllib.request.urlopen(address) as answer:
        return str(answer.read().decode())


def test_a_plot_arrives_as_html_and_replaces_the_one_before(server: LiveDataServer, tmp_path: Path) -> None:
    publication = read_publication(server.configuration(tmp_path))
    for div in ("<div>first</div>", "<div>½ second\r\n--x</div>"):
        upload(publication, "REF_M", 123, div, 10.0)
    assert server.plots == {("ref_m", 123): ("html", "<div>½ second\r\n--x</div>")}
    assert read_back(server, "REF_M", 123) == "<div>½ second\r\n--x</div>"
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(f"{server.address}/plots/REF_M/123/update/html/")


def test_a_megabyte_arrives(server: LiveDataServer, tmp_path: Path) -> None:
    div = f"<div>{'0123456789' * 400_000}</div>"
    upload(read_publication(server.configuration(tmp_path)), "PG3", 1, div, 30.0)
    assert server.plots["pg3", 1] == ("html", div)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"publisher_password": "wrong"}, "HTTP status 401: user name and password are refused"),
        ({"publish_url_template": "ADDRESS/nowhere/$instrument/$run_number/"}, "HTTP status 404: there is no such"),
    ],
)
def test_what_is_refused_is_for_us_to_mend(
    server: LiveDataServer, tmp_path: Path, changes: dict[str, str], says: str
) -> None:
    changes = {key: value.replace("ADDRESS", server.address) for key, value in changes.items()}
    with pytest.raises(UploadFailed, match=says) as raised:
        upload(read_publication(server.configuration(tmp_path, **changes)), "PG3", 7, "<div></div>", 10.0)
    assert raised.value.ours
    assert PASSWORD not in str(raised.value)
    assert USER not in str(raised.value)


@pytest.mark.parametrize(
    ("mode", "says", "ours"),
    [
        ("failing", "HTTP status 500", False),
        ("moved", "HTTP status 302", True),
        ("closing", "RemoteDisconnected|closed|reset", False),
        ("hanging", r"no answer within 0\.3 s", False),
        ("dripping", r"no answer within 0\.3 s", False),
    ],
)
def test_a_server_that_does_badly(server: LiveDataServer, tmp_path: Path, mode: str, says: str, ours: bool) -> None:
    server.mode = mode
    publication = read_publication(server.configuration(tmp_path))
    with pytest.raises(UploadFailed, match=says) as raised:
        upload(publication, "PG3", 7, "<div></div>", 0.3)
    assert raised.value.ours is ours


def test_a_server_that_takes_nothing_in() -> None:
    """It accepts the connection and never reads: sending blocks when the buffers are full."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        publication = Publication(
            url_template=f"http://127.0.0.1:{listener.getsockname()[1]}/$run_number", username="u", password="p"
        )
        with pytest.raises(UploadFailed, match="no answer within"):
            upload(publication, "PG3", 7, "<div>" + "x" * 50_000_000, 0.3)


def test_nobody_is_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    publication = Publication(url_template=f"http://127.0.0.1:{port}/$run_number", username="u", password="p")
    with pytest.raises(UploadFailed, match="refused") as raised:
        upload(publication, "PG3", 7, "<div></div>", 5.0)
    assert not raised.value.ours


def test_what_answers_is_no_http() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        publication = Publication(url_template=f"https://127.0.0.1:{port}/$run_number", username="u", password="p")
        with pytest.raises(UploadFailed, match="no answer within"):
            upload(publication, "PG3", 7, "<div></div>", 0.3)
        missing = Publication(
            url_template="https://127.0.0.1/$run_number", username="u", password="p", certificate="/no/such.pem"
        )
        with pytest.raises(UploadFailed, match=r"certificate /no/such\.pem") as raised:
            upload(missing, "PG3", 7, "<div></div>", 0.3)
        assert raised.value.ours


@needs("openssl")
def test_the_servers_certificate_is_verified_unless_told_otherwise(tmp_path: Path) -> None:
    pem = tmp_path / "server.pem"
    words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost", "-keyout"]
    subprocess.run(["openssl", *words, pem, "-out", tmp_path / "cert.pem"], check=True, capture_output=True)
    pem.write_text(pem.read_text() + (tmp_path / "cert.pem").read_text())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with live_data_server(context) as server:
        template = f"https://127.0.0.1:{server.server_port}/plots/$instrument/$run_number/upload_plot_data/"
        path = server.configuration(tmp_path, publish_url_template=template)
        with pytest.raises(UploadFailed, match="its certificate is not trusted: "):
            upload(read_publication(path), "PG3", 7, "<div></div>", 10.0)
        path = server.configuration(
            tmp_path, publish_url_template=template, verify_ssl=False, publisher_certificate=str(pem)
        )
        upload(read_publication(path), "PG3", 7, "<div></div>", 10.0)
        assert server.plots == {("pg3", 7): ("html", "<div></div>")}


# ---- what the server says is never said again


def echo(connection: socket.socket, request: bytes, where: str) -> None:
    """Answer with the form, as it came and in one line, where a client may take it for something to be told."""
    line = request.partition(b"\r\n\r\n")[2].replace(b"\r\n", b" ")[:20_000]
    answers = {
        "status line": b"HTTP/1.1 500 " + line + b"\r\n\r\n",
        "status": b"HTTP/1.1 " + line + b"\r\n\r\n",
        "version": line + b"\r\n\r\n",
        "header": b"HTTP/1.1 400 no\r\nX: " + line + b"\r\n\r\n",
        "header name": b"HTTP/1.1 400 no\r\n" + line + b": x\r\n\r\n",
        "body": b"HTTP/1.1 403 no\r\n\r\n" + line,
        "redirect": b"HTTP/1.1 302 no\r\nLocation: http://127.0.0.1:1/?" + line.replace(b" ", b"+") + b"\r\n\r\n",
        "authentication": b'HTTP/1.1 401 no\r\nWWW-Authenticate: Basic realm="' + line + b'"\r\n\r\n',
        "chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + line + b"\r\n",
    }
    connection.sendall(answers[where])


ECHOED = ["status line", "status", "version", "header", "header name", "body", "redirect", "authentication", "chunk"]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("where", ECHOED)
def test_a_server_that_echoes_the_form_does_not_put_the_password_into_the_log(
    tmp_path: Path, where: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    path = tmp_path / "publish.conf"
    with rude_server(lambda connection, request: echo(connection, request, where)) as address:
        template = f"{address}/plots/$instrument/$run_number/"
        path.write_text(
            json.dumps(
                {"publish_url_template": template, "publisher_username": "someone", "publisher_password": "s3cret-word"}
            )
        )
        plots = PlotUploader(path, "PG3", timeout_s=20.0)
        plots.offer(pattern(7, 100))
        plots.seen(7, 2e9)
        while not plots.problem:
            threading.Event().wait(0.005)
        plots.close()
    said = plots.problem + caplog.text
    assert "s3cret" not in said
    assert "someone" not in said


def test_a_password_in_the_address_is_not_said_either(tmp_path: Path) -> None:
    publication = Publication(url_template="http://127.0.0.1:1/p%40ss/$run_number?p@ss", username="u", password="p@ss")
    with pytest.raises(UploadFailed, match=r"^http://127\.0\.0\.1:1/\*\*\*/7: ") as raised:
        upload(publication, "PG3", 7, "<div></div>", 5.0)
    assert "ss/" not in str(raised.value)
