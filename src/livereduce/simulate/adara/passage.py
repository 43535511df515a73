"""Consecutive packets with the times when they are due: the unit that is played."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from livereduce.stream.items import I8, U1
from livereduce.stream.stretches import starts_of


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Passage:
    """Consecutive packets.

    Attributes
    ----------
    data
        Their bytes.
    begin
        Shape (m + 1,): packet k is ``data[begin[k]:begin[k + 1]]``.
    due_ns
        Shape (m,), never falling; of a data packet it is the pulse time.
    noted
        The packets that the prologue of a later file has to repeat (descriptors, values …), ascending.
    verbatim
        A capture: nothing may be put in between.
    """

    data: U1
    begin: I8
    due_ns: I8
    noted: tuple[int, ...] = ()
    verbatim: bool = False

    def split(self, packet: int) -> tuple["Passage", "Passage"]:
        """Split before a packet."""
        at = int(self.begin[packet])
        before = Passage(
            data=self.data[:at],
            begin=self.begin[: packet + 1],
            due_ns=self.due_ns[:packet],
            noted=tuple(k for k in self.noted if k < packet),
            verbatim=self.verbatim,
        )
        rest = Passage(
            data=self.data[at:],
            begin=self.begin[packet:] - at,
            due_ns=self.due_ns[packet:],
            noted=tuple(k - packet for k in self.noted if k >= packet),
            verbatim=self.verbatim,
        )
        return before, rest

    def before(self, due_ns: int) -> "Passage":
        """The part that is due before a moment."""
        return self.split(int(np.searchsorted(self.due_ns, due_ns, "left")))[0]


def passage(packets: Sequence[bytes], due_ns: int | Sequence[int], *, noted: bool = True) -> Passage:
    """A passage of packets made one by one, noted for the prologue unless told otherwise."""
    sizes = np.fromiter(map(len, packets), np.int64, len(packets))
    return Passage(
        data=np.frombuffer(b"".join(packets), np.uint8),
        begin=starts_of(sizes),
        due_ns=np.broadcast_to(np.asarray(due_ns, np.int64), (len(packets),)),
        noted=tuple(range(len(packets))) if noted else (),
    )
