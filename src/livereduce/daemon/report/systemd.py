"""systemd's notification protocol: datagrams of ``KEY=value`` lines to $NOTIFY_SOCKET (sd_notify(3)).

Without that variable nothing is sent. Sending never raises and never blocks: a manager that does not read must not stop
the reduction. A change of state that could not be sent goes with the next message; a status or a life sign is repeated
anyway.
"""

import os
import socket
import time
from collections.abc import Callable, Mapping

LONGEST_STATUS = 500
"""Most characters. systemd drops a datagram of more than 4096 bytes as a whole."""


class Notifier:
    """Sends notifications, and remembers what was sent.

    Parameters
    ----------
    address
        Path of a socket, or ``@name`` of an abstract one; None, or anything else, for no manager.
    watchdog_s
        The manager expects a life sign this often; None if it does not.
    clock
        Monotonic seconds.
    """

    def __init__(
        self, address: str | None, watchdog_s: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._to = _socket_address(address)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) if self._to else None
        if self._socket:
            self._socket.setblocking(False)
        self._every_s = watchdog_s / 3 if watchdog_s and self._socket else None
        self._clock = clock
        self._pinged_s = float("-inf")
        self._status = ""
        self._owed = ""  # the newest change of state that is still to be sent; older ones are void

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Notifier":
        """The manager named in the environment, with its watchdog if that is meant for this process."""
        return cls(environ.get("NOTIFY_SOCKET"), watchdog_interval_s(environ, os.getpid()))

    def ready(self, status: str) -> bool:
        """Runtime files can be written and the configuration is judged; also ends `reloading`."""
        return self._tell("READY=1", status)

    def reloading(self) -> bool:
        """Scripts are being reloaded; `ready` must follow. The time is for ``Type=notify-reload`` (systemd 253)."""
        return self._tell(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> bool:
        """The orderly shutdown has begun."""
        return self._tell("STOPPING=1")

    def status(self, text: str) -> bool:
        """One line for people, sent when it has changed."""
        line = _one_line(text)
        if line == self._status:
            return True
        sent = self._send(f"STATUS={line}")
        self._status = line if sent else self._status
        return sent

    def watchdog(self) -> bool:
        """Send a life sign if one is due (three per interval); call it at the end of each completed tick."""
        if self._owed:
            self._send("")
        now_s = self._clock()
        if self._every_s is None or now_s - self._pinged_s < self._every_s:
            return True
        sent = self._send("WATCHDOG=1")
        self._pinged_s = now_s if sent else self._pinged_s
        return sent

    def extend(self, seconds: float) -> bool:
        """Start or stop may take this long from now on, whatever the unit says."""
        return self._send(f"EXTEND_TIMEOUT_USEC={round(seconds * 1e6)}")

    def close(self) -> None:
        """Close the socket; nothing is sent any more."""
        if self._socket:
            self._socket.close()
            self._socket = None

    def _tell(self, change: str, status: str = "") -> bool:
        """Send a change of state; if that fails, it goes with the next message."""
        if not self._socket:
            return True
        line = _one_line(status)
        self._owed = change + "\n"
        sent = self._send(f"STATUS={line}" if line else "")
        self._status = line if sent and line else self._status
        return sent

    def _send(self, message: str) -> bool:
        if self._socket is None or self._to is None:
            return True
        try:
            self._socket.sendto((self._owed + message).encode(errors="backslashreplace"), self._to)
        except OSError:  # full, closed, or not yet created
            return False
        self._owed = ""
        return True


def watchdog_interval_s(environ: Mapping[str, str], pid: int) -> float | None:
    """Interval of the life signs expected from process `pid`; None if none are (sd_watchdog_enabled(3))."""
    text, meant_for = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", "")
    if not text.isdecimal() or not int(text) or meant_for not in ("", str(pid)):
        return None
    return int(text) / 1e6


def _socket_address(text: str | None) -> bytes | None:
    if not text or text[0] not in "/@":
        return None
    return os.fsencode(text) if text[0] == "/" else b"\0" + os.fsencode(text[1:])


def _one_line(text: str) -> str:
    """Join lines: a line break would begin another assignment."""
    return " ".join(text.split())[:LONGEST_STATUS]
