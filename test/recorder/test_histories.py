"""Whatever becomes of connections, recorders and disks: no event twice, and none missing without a marked gap."""

import random
from pathlib import Path

import pytest

from helpers.decoding import monitors_of, pulses_of
from helpers.paths import DATA, needs_data
from helpers.recorded import PERIOD_NS, RUN, Stream, begins, ends, joined, pulse, pulses, read_again
from livereduce.stream.adara.unpacking import Unpacker
from livereduce.stream.items import EventBatch, Gap, Item
from livereduce.stream.recording.runs import recordings_in


def history(chance: random.Random, directory: Path) -> tuple[list[int], list[Item]]:
    """Times of all pulses that were received, and what is recorded of them."""
    stream, received, at = Stream(directory), [], 0
    stream.connect()
    stream.feed(begins())
    for _ in range(chance.randint(3, 12)):
        n = chance.randint(1, 6)
        match chance.choice(["flow", "flow", "dropped", "reconnect", "recorder", "receiver"]):
            case "flow":
                stream.feed(*(pulse(k) for k in range(at, at + n)))
                at += n
            case "dropped":
                stream.drop(pulses(at, at + n))
                at += n
            case "reconnect":
                stream.connect()
                stream.feed(joined(), pulses(max(0, at - n), at))
            case "recorder":  # another one begins, and has missed something
                received += pulses_of(stream.items)
                following = Stream(directory)
                following.unpacker = stream.unpacker
                following.unpacker._tap = None
                following.feed(pulses(at, at + n))
                received += pulses_of(following.items)
                following.items = []
                following.unpacker._tap = following.writer
                stream, at = following, at + n
            case "receiver":  # the server sends the run again
                received += pulses_of(stream.items)
                writer, stream = stream.writer, Stream(directory)
                stream.writer = writer
                stream.unpacker = Unpacker("another", tap=writer)
                stream.connect()
                stream.feed(begins(), *(pulse(k) for k in range(at)))
    received += pulses_of(stream.items)
    stream.feed(ends(k=at + 1))
    stream.writer.close()
    return sorted({time for _, time, _ in received}), read_again(directory / f"TST_{RUN}")


@pytest.mark.parametrize("seed", range(30))
def test_nothing_is_missing_without_a_mark_and_nothing_comes_twice(tmp_path: Path, seed: int) -> None:
    received, items = history(random.Random(seed), tmp_path)
    recorded = [time for _, time, _ in pulses_of(items)]
    assert len(set(recorded)) == len(recorded)
    assert set(recorded) <= set(received)
    gaps = [(one.from_ns, one.to_ns) for one in items if isinstance(one, Gap)]
    for time in set(received) - set(recorded):
        assert any(a < time < b for a, b in gaps), (time // PERIOD_NS, gaps)


@needs_data
@pytest.mark.parametrize("path", sorted((DATA / "sms").glob("*.adara")), ids=lambda path: path.stem)
def test_runs_of_a_real_server_read_as_they_were_received(tmp_path: Path, path: Path) -> None:
    stream = Stream(tmp_path)
    stream.connect()
    data = path.read_bytes()
    for at in range(0, len(data), 100_000):
        piece = data[at : at + 100_000]
        stream.unpacker.block.room(len(piece))[: len(piece)] = piece
        stream.unpacker.block.received(len(piece))
        stream.items += stream.unpacker.items(0.0)
    stream.writer.close()
    runs = {item.run for item in stream.items if isinstance(item, EventBatch) and item.run}
    recordings = {one.run: one for one in recordings_in(tmp_path)}
    assert runs <= recordings.keys()
    for run in runs:
        live = [item for item in stream.items if item.run == run]
        again = read_again(recordings[run].folder)
        assert sorted(pulses_of(again)) == sorted(pulses_of(live))
        assert monitors_of(again) == monitors_of(live)
