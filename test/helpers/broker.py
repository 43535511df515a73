"""ActiveMQ of Debian as a message broker on the loopback, and somebody who listens there as a web monitor does."""

import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from helpers.certificates import make_certificates
from helpers.tools import MUST_RUN, not_installed

HOME = Path("/usr/share/activemq")
PATIENCE_S = 60.0
USER, PASSWORD = "herald", "w0nderful"

CONFIGURATION = """<beans xmlns="http://www.springframework.org/schema/beans"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xsi:schemaLocation="http://www.springframework.org/schema/beans
    http://www.springframework.org/schema/beans/spring-beans-2.0.xsd
    http://activemq.apache.org/schema/core http://activemq.apache.org/schema/core/activemq-core.xsd">
  <broker xmlns="http://activemq.apache.org/schema/core" useJmx="false" persistent="false" brokerName="test"
      dataDirectory="{folder}/data" schedulerSupport="false">
    <plugins><simpleAuthenticationPlugin anonymousAccessAllowed="true">
      <users><authenticationUser username="{user}" password="{password}" groups="users"/></users>
    </simpleAuthenticationPlugin></plugins>
    <sslContext><sslContext keyStore="file:{folder}/keys.p12" keyStorePassword="secret"/></sslContext>
    <transportConnectors>
      <transportConnector name="stomp" uri="stomp://127.0.0.1:{port}"/>
      <transportConnector name="tls" uri="stomp+ssl://127.0.0.1:{tls_port}"/>
    </transportConnectors>
  </broker>
</beans>
"""


class Heard:
    """What somebody who listens has heard, by destination; and what they say."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._bodies: dict[str, list[Any]] = {}
        self._lock = threading.Lock()

    def on_message(self, frame: Any) -> None:
        with self._lock:
            self._bodies.setdefault(frame.headers["destination"], []).append(json.loads(frame.body))

    def of(self, destination: str) -> list[Any]:
        with self._lock:
            return list(self._bodies.get(destination, ()))

    def send(self, destination: str, body: str) -> None:
        self._connection.send(destination, body)


class Broker:
    """A broker as a child.

    Attributes
    ----------
    address, tls_address
        Of its ports for STOMP.
    authority
        The file of the authority that vouches for its certificate.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._ports = _free_port(), _free_port()
        self.address, self.tls_address = (f"127.0.0.1:{port}" for port in self._ports)
        certificates = make_certificates(folder, "authority", "IP:127.0.0.1")
        self.authority = certificates / "ca.pem"
        words = ("-inkey", "key.pem", "-in", "cert.pem", "-out", str(folder / "keys.p12"), "-passout", "pass:secret")
        subprocess.run(["openssl", "pkcs12", "-export", *words], cwd=certificates, capture_output=True, check=True)
        port, tls_port = self._ports
        values = {"folder": folder, "port": port, "tls_port": tls_port, "user": USER, "password": PASSWORD}
        (folder / "activemq.xml").write_text(CONFIGURATION.format(**values))

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        settings = {"home": HOME, "base": self._folder, "conf": self._folder, "data": self._folder / "data"}
        options = [f"-Dactivemq.{name}={value}" for name, value in settings.items()]
        command = ["java", "-Xmx128M", "-XX:TieredStopAtLevel=1", *options, "-jar", str(HOME / "bin/activemq.jar")]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "start", f"xbean:file:{self._folder}/activemq.xml"],
                cwd=self._folder,
                stdout=log,
                stderr=log,
                env=os.environ | {"LC_ALL": "C.UTF-8"},
            )
        deadline = time.monotonic() + PATIENCE_S
        while not all(_takes_connections(port) for port in self._ports):
            assert self._process.poll() is None, (self._folder / "log").read_text()
            assert time.monotonic() < deadline, (self._folder / "log").read_text()
            time.sleep(0.1)

    def stop(self) -> None:
        """End it, as a machine that loses its power."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @contextmanager
    def listening(self, *destinations: str) -> Iterator[Heard]:
        """Somebody who listens to these destinations."""
        import stomp

        host, _, port = self.address.partition(":")
        connection = stomp.Connection12([(host, int(port))])
        heard = Heard(connection)
        connection.set_listener("test", heard)
        connection.connect(wait=True)
        try:
            for number, destination in enumerate(destinations):
                connection.subscribe(destination, id=str(number), ack="auto", headers={"receipt": f"r{number}"})
            yield heard
        finally:
            with suppress(OSError, stomp.exception.StompException):
                connection.disconnect()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _takes_connections(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1.0).close()
    except OSError:
        return False
    return True


@contextmanager
def a_broker(folder: Path) -> Iterator[Broker]:
    """A broker that runs; the test is skipped where there is none, except where it must run."""
    if shutil.which("activemq") is None and not MUST_RUN:
        pytest.skip(not_installed(["activemq"]))
    broker = Broker(folder)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()
