"""Receive the stream and hold it: the work loop of the receiver."""

import logging
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from livereduce.base.contained import Contained
from livereduce.base.rss import own_bytes
from livereduce.base.source_urls import scheme_of
from livereduce.base.times import UNIX_MINUS_EPICS_NS
from livereduce.child.beats import Beats
from livereduce.messages.beat import Phase
from livereduce.messages.marks import Marker
from livereduce.messages.progress import MemoryProgress, Progress, TotalProgress
from livereduce.messages.receiver import ReceiverJob
from livereduce.receiver.readers import LINGERS, Readers
from livereduce.receiver.tapping import RingTap
from livereduce.stream.adara.wire.arena import scratch
from livereduce.stream.held.store import HeldStore
from livereduce.stream.items import EventBatch, Gap, Item, Source, SourceLost, SourceState
from livereduce.stream.sources import source_of, source_progress, start_from

POLL_S = 0.25
"""Longest wait for the stream: orders are looked at in between, and the receiver beats."""
BEAT_EVERY_S = 0.25
"""A progress is not put together for each of 60 pulses a second."""
FULL_S = 0.05
"""Wait while nothing more can be held."""

log = logging.getLogger("livereduce.receiver")


class Receiver:
    """Receives one stream into shared memory, for all readers that the daemon attaches.

    Parameters
    ----------
    taps
        The daemon's socket for recorders; None: nothing is recorded.

    Raises
    ------
    OperatorError
        The address cannot be used.
    """

    def __init__(
        self, job: ReceiverJob, attach: socket.socket, beats: Beats, taps: socket.socket | None = None
    ) -> None:
        self._job, self._beats = job, beats
        self._marker = Marker(Path(job.mark))
        self._contained = Contained(log)
        self._store = HeldStore(job.held_limit_bytes)
        self._tap = RingTap(taps, time.monotonic) if taps is not None else None
        self._source = self._opened()
        self._newest_ns = 0
        self._full_since: float | None = None
        self._holds_whole = True
        self._gaps = 0
        self._news: tuple[bool, str] | None = None
        self._beat_s = 0.0
        self._rewind = threading.Event()
        scheme = scheme_of(job.source)
        keeps = scheme is not None and scheme.ends
        self._readers = Readers(self._store, attach, self._source.state(), self._rewind.set, keeps=keeps)
        self._readers.start()

    def poll(self) -> None:
        """Read the stream once and hold what came, unless nothing more can be held."""
        if self._rewind.is_set():
            self._receive_again()
        self._store.free()
        self._look_at_given_up()
        self._note_limit()
        state = self._source.state()
        if self._full_since is not None or (self._tap is not None and self._tap.keeps_waiting()):
            time.sleep(FULL_S)
        elif self._tap is None or not self._tap.waits_for_room(state.run or 0, self._newest_ns, self._age_s() or 0.0):
            self._hold(self._read())
        now, state = time.monotonic(), self._source.state()
        if self._readers.want_standing():
            self._store.tell_standing(state.run or 0)
        self._readers.tell(state, now)
        news = state.connected, state.reason
        if news != self._news or now - self._beat_s >= BEAT_EVERY_S:
            self._news, self._beat_s = news, now
            self._beats.phase(Phase.WAITING, self._progress(state))

    def free_consumed(self) -> None:
        """Give up all that the worker is done with, although it could be held."""
        self._store.free(all_consumed=True)

    def close(self) -> None:
        """Close the connection, and let all readers go."""
        self._source.close()
        if self._tap is not None:
            self._tap.close()
        self._readers.close()
        self._store.given_up.close()

    def _opened(self) -> Source:
        source = source_of(self._job.source, self._marker, self._job.suspects, scratch, self._tap)
        source.open(start_from(self._job.start))
        return source

    def _receive_again(self) -> None:
        """A worker begins, and the start of its run is no longer held: the server sends the run again."""
        log.info("the run is not held from its start any more: receiving it again, for a new worker")
        self._source.close()
        self._store.forget_all()
        self._source = self._opened()
        self._rewind.clear()
        self._readers.rewound()

    def _read(self) -> Sequence[Item]:
        try:
            return self._source.read(POLL_S)
        except SourceLost as lost:
            if not lost.retry:
                time.sleep(POLL_S)
            return ()
        except Exception as error:  # noqa: BLE001 (the boundary of a read; a source has boundaries of its own)
            self._contained.note("what a read of the source gave", error)
            self._gaps += 1
            time.sleep(POLL_S)
            run = self._source.state().run or 0
            return (Gap(run=run, reason="what was received could not be read", from_ns=self._newest_ns),)
        finally:
            self._marker.nothing()

    def _hold(self, items: Sequence[Item]) -> None:
        self._store.append(items)
        for item in items:
            if isinstance(item, EventBatch) and len(item.pulse_ns):
                self._newest_ns = int(item.pulse_ns[-1])

    def _look_at_given_up(self) -> None:
        """Say when memory that was given up stays in use: nothing can be done about it here."""
        given_up, before = self._store.given_up, self._store.given_up.lingers
        given_up.look(time.monotonic())
        if given_up.lingers and not before:
            log.warning("%.0f MB that are not held any more stay in use: %s", given_up.lingers / 1e6, LINGERS)
        elif before and not given_up.lingers:
            log.info("nothing that is not held any more is in use")

    def _note_limit(self) -> None:
        """Note since when nothing more can be held, and when the run is not held from its start any more."""
        if not self._store.is_full:
            self._full_since = None
        elif self._full_since is None:
            self._full_since = time.time()
        whole = self._store.holding.from_start
        if self._holds_whole and not whole:
            log.info("the run is not held from its start any more: a new worker has to receive it again")
        self._holds_whole = whole

    def _age_s(self) -> float | None:
        """How long ago the newest pulse was; None before the first."""
        return (time.time_ns() - UNIX_MINUS_EPICS_NS - self._newest_ns) / 1e9 if self._newest_ns else None

    def _progress(self, state: SourceState) -> Progress:
        return Progress(
            source=replace(source_progress(state), data_age_s=self._age_s()),
            total=TotalProgress(gaps=state.gaps + self._gaps, contained=state.contained + self._contained.count),
            memory=MemoryProgress(
                rss_bytes=own_bytes(),
                held_bytes=self._store.held_bytes,
                freeable_bytes=self._store.freeable_bytes,
                full_since=self._full_since,
                ring_bytes=self._tap.ring_bytes if self._tap is not None else 0,
            ),
        )
