"""Run a command that somebody has configured: no shell, a time limit, little of its output, and nothing left of it."""

import os
import select
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from livereduce.base.visible import visible
from livereduce.config.notifying import TEXT

VARIABLE = "LIVEREDUCE_TEXT"
"""The line of text is in this variable too, for commands that take no argument."""
MOST_SHOWN_BYTES = 300
MOST_BYTES = 1 << 20
"""A command that prints more than this is ended: it floods."""

Running = set[int]
"""Process groups of commands at work: the process that ends does not leave them behind."""


def run_command(command: Sequence[str], text: str, body: bytes, timeout_s: float, running: Running) -> str:
    """Run it with the body on standard input; return why it has failed, empty if it has not. Blocks."""
    words = [text if word == TEXT else word for word in command]
    try:
        with _file_of(body) as stdin:
            process = subprocess.Popen(
                words,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env={**os.environ, VARIABLE: text},
                cwd="/",
                start_new_session=True,
            )
    except OSError as error:
        return f"{command[0]} cannot be run: {error.strerror or error}"
    running.add(process.pid)
    try:
        why, said = _watched(process, timeout_s)
    finally:
        with suppress(ProcessLookupError):  # the leader is not waited for yet: its number is still its own
            os.killpg(process.pid, signal.SIGKILL)
        running.discard(process.pid)
        assert process.stdout is not None
        process.stdout.close()
        code = process.wait()
    if not why and code:
        why = f"it has ended with {'signal ' + str(-code) if code < 0 else 'code ' + str(code)}"
    shown = visible(said.decode(errors="replace").strip())
    return f"{Path(command[0]).name}: {why}{f', it said: {shown}' if shown else ''}" if why else ""


def _file_of(body: bytes) -> BinaryIO:
    """A file in memory: a command that does not read its input does not hold us up."""
    file = os.fdopen(os.memfd_create("message", os.MFD_CLOEXEC), "w+b")
    file.write(body)
    file.flush()
    file.seek(0)
    return file


def _watched(process: "subprocess.Popen[bytes]", timeout_s: float) -> tuple[str, bytes]:
    """Wait for the end of a command, but not for what it has started; why it has to be ended, and what it has said."""
    assert process.stdout is not None
    until_s, output, said, total = time.monotonic() + timeout_s, process.stdout.fileno(), b"", 0
    ended = os.pidfd_open(process.pid)
    try:
        poll = select.poll()
        poll.register(ended, select.POLLIN)
        poll.register(output, select.POLLIN)
        while (left_s := until_s - time.monotonic()) > 0:
            ready = {fd for fd, _ in poll.poll(1000 * left_s)}
            if output in ready:
                piece = os.read(output, 1 << 16)
                said, total = (said + piece)[:MOST_SHOWN_BYTES], total + len(piece)
                if not piece:
                    poll.unregister(output)
                if total > MOST_BYTES:
                    return f"it was ended, because it has printed more than {MOST_BYTES >> 20} MiB", said
            elif ended in ready:
                return "", said
        return f"it was ended, because it took longer than {timeout_s:g} s", said
    finally:
        os.close(ended)
