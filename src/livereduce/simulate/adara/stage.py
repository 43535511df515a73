"""Perform a play: take its acts when they are due and have the store write them. No clock, no socket."""

from collections.abc import Callable

import numpy as np

from livereduce.simulate.adara.passage import Passage
from livereduce.simulate.adara.play import Act, Opening, Play
from livereduce.simulate.adara.store import StreamStore


class Stage:
    """Progress of the play: the current act and how much of it is written."""

    def __init__(self, play: Play, store: StreamStore, say: Callable[[str], None]) -> None:
        self._acts = play.acts
        self._store = store
        self._say = say
        self._act: Act | None = None
        self._packet = 0
        self._take_next()

    @property
    def over(self) -> bool:
        """Everything has been played."""
        return self._act is None

    @property
    def next_due_ns(self) -> int:
        """Moment when the next packet is due; call it only while not over."""
        if isinstance(self._act, Passage):
            return int(self._act.due_ns[self._packet])
        return self._act.due_ns if self._act is not None else 0

    def advance(self, until_ns: int, enough_bytes: int) -> None:
        """Play what is due, an act or a part of one at a time, until `enough_bytes` have been written."""
        written = 0
        while self._act is not None and self.next_due_ns <= until_ns and written < enough_bytes:
            act = self._act
            if isinstance(act, Passage):
                written += self._put(act, until_ns)
            else:
                if isinstance(act, Opening):
                    self._store.begin(act)
                else:
                    self._store.begin_recorded(act)
                if act.says:
                    self._say(act.says)
                self._take_next()

    def _put(self, passage: Passage, until_ns: int) -> int:
        first = self._packet
        stop = int(np.searchsorted(passage.due_ns, until_ns, "right"))
        self._store.put(passage, first, stop)
        self._packet = stop
        if stop == passage.due_ns.size:
            self._take_next()
        return int(passage.begin[stop] - passage.begin[first])

    def _take_next(self) -> None:
        self._act, self._packet = next(self._acts, None), 0
