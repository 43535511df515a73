"""One worker after another dies on the same data, until they are left out: marks, conclusions and caution together."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from helpers import packets as p
from helpers.decoding import Stream, logs_of, pulses_of, table_of
from helpers.items import event_batch, log_batch
from helpers.packets import NEW_RUN, NS, RUN_BOF, RUN_EOF, T0
from livereduce.daemon.worker.suspects import Suspects, judge
from livereduce.engine.builtin.apart import ANYWHERE, apart, span_of
from livereduce.messages.marks import Marker, MarkStage, read_mark
from livereduce.stream.adara.caution import Caution
from livereduce.stream.adara.wire.frame import PacketTable
from livereduce.stream.chunk import CutRules, CutState, Dry, StreamLeft, step
from livereduce.stream.items import EventBatch, Gap, Item, LogBatch


class Died(BaseException):
    """The worker is dead: nothing catches it."""


Generation = Callable[[Marker, Suspects], list[Item]]


def generations(path: Path, generation: Generation, most: int = 10) -> tuple[list[Item], int]:
    """What the first worker that does not die gives, and how many died before."""
    suspects: Suspects = ()
    for deaths in range(most):
        try:
            return generation(Marker(path), suspects), deaths
        except Died:
            suspects = judge(suspects, read_mark(path), "killed", "scripts")
    raise AssertionError(f"they die for ever: {suspects}")


OLD = T0 - 86_400 * NS
POISONS = {
    "a value": p.variable(3, T0 + 30 * NS, 7, 9, "poison"),
    "a value that is a day old": p.variable(3, OLD, 7, 9, "poison"),
    "a pulse": p.pulse(T0 + 30 * NS + 5, (666, 1)),
    "a note": p.annotation(T0 + 30 * NS, 5, "poison"),
}


def stream_with(poison: bytes, *, in_prologues: bool) -> list[bytes]:
    """Three files of a run as a server gives them again to each worker, in pieces of some pulses."""
    pieces = []
    for file in range(3):
        edge = p.run_status(T0, RUN_EOF, 5) + p.run_status(T0, RUN_BOF, 5, file=file) if file else b""
        prologue = p.variable(2, OLD, 7, 1, 1.5) + (poison if in_prologues else b"")
        pieces.append((edge or p.run_status(T0, NEW_RUN, 5)) + prologue)
        for k in range(20 * file + 1, 20 * file + 21, 5):
            pieces[-1] += b"".join(p.pulse(T0 + one * NS, (one, one)) for one in range(k, k + 5))
            if not in_prologues and k <= 30 < k + 5:
                pieces[-1] += poison
            pieces.append(b"")
    return [piece for piece in pieces if piece]


@pytest.mark.parametrize(
    ("name", "in_prologues"),
    [(name, again) for name in POISONS for again in (False, True) if name != "a pulse" or not again],
)
def test_a_packet_that_kills_costs_itself_alone(name: str, in_prologues: bool, tmp_path: Path) -> None:
    """Also in each prologue, where it is older than the pulses that come with it."""
    poison = POISONS[name]
    body = poison[16:]

    def generation(marker: Marker, suspects: Suspects) -> list[Item]:
        caution, stream = Caution(marker, suspects), Stream()

        def decode(table: PacketTable) -> Sequence[Item]:
            if any(table.payload(row) == body for row in range(len(table))):
                raise Died
            return stream.feed(table.words.tobytes())

        items: list[Item] = []
        for piece in stream_with(poison, in_prologues=in_prologues):
            items += caution.decoded(table_of(piece), lambda: stream.state.run or 0, decode)
        return items

    items, deaths = generations(tmp_path / "mark", generation)
    assert deaths == 2
    assert [time_ns for _, time_ns, _ in pulses_of(items)] == [T0 + k * NS for k in range(1, 61)]
    assert "device7.1" in logs_of(items)
    gaps = [item for item in items if isinstance(item, Gap)]
    assert len(gaps) == (3 if in_prologues else 1)
    assert all("a packet of 20" in gap.reason for gap in gaps)


POISON_NS = 30_000


Dies = Callable[[EventBatch | LogBatch], bool]


def chunked(marker: Marker, suspects: Suspects, reads: list[list[Item]], dies: Dies) -> list[Item]:
    """Cut a stream, and die in the intake of a chunk with poison in it."""
    state, part, taken = CutState(rules=CutRules(update_every_s=1e9, epoch_ns_at_0=0)), ANYWHERE, list[Item]()
    for k, items in enumerate(reads):
        facts, part = apart(items, suspects, part)
        for fact in (*facts, Dry(), *([StreamLeft()] if k == len(reads) - 1 else [])):
            state, chunks = step(state, fact, float(k))
            for chunk in chunks:
                marker.data(MarkStage.INTAKE, chunk.run, *span_of(chunk))
                batches: tuple[EventBatch | LogBatch, ...] = (*chunk.events, *chunk.logs)
                if any(dies(one) for one in batches):
                    raise Died
                marker.passed()
                taken += [*chunk.events, *chunk.logs, *chunk.gaps]
    return taken


def reads_with(stamp_ns: int) -> list[list[Item]]:
    """Pulses, and in the fourth read a value with this stamp before them."""
    reads: list[list[Item]] = []
    for k in range(8):
        times = [10_000 * (k + 1) + one for one in range(5)]
        reads.append([event_batch(0, [1] * 5, times, per_pulse=[1] * 5, pulse_ns=times)])
        if k == 3:
            reads[-1].insert(0, log_batch(0, "poison", [stamp_ns], [1]))
    return reads


@pytest.mark.parametrize("stamp_ns", [40_002, 5, 10_000, 39_000])
def test_a_value_that_kills_costs_no_pulse_but_those_of_its_chunk(stamp_ns: int, tmp_path: Path) -> None:
    def dies(item: EventBatch | LogBatch) -> bool:
        return isinstance(item, LogBatch) and item.name == "poison"

    taken, deaths = generations(
        tmp_path / "mark", lambda marker, known: chunked(marker, known, reads_with(stamp_ns), dies)
    )
    pulses = [time for item in taken if isinstance(item, EventBatch) for time in item.pulse_ns.tolist()]
    assert deaths <= 4
    assert len(pulses) >= 35
    assert any(isinstance(item, Gap) and "left out" in item.reason for item in taken)


def test_a_pulse_that_kills_costs_its_chunk(tmp_path: Path) -> None:
    def dies(item: EventBatch | LogBatch) -> bool:
        return isinstance(item, EventBatch) and 50_002 in item.pulse_ns

    taken, deaths = generations(tmp_path / "mark", lambda marker, known: chunked(marker, known, reads_with(1), dies))
    pulses = {time for item in taken if isinstance(item, EventBatch) for time in item.pulse_ns.tolist()}
    assert deaths == 2
    assert pulses == {10_000 * (k + 1) + one for k in range(8) for one in range(5) if k != 4}
