"""The walk gives every whole packet once, whatever the pieces, and says what is missing at the end."""

import ast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import packets as p
from helpers.paths import ROOT
from livereduce.stream.adara.wire import walk
from livereduce.stream.adara.wire.frame import Framer, FramingError
from livereduce.stream.adara.wire.walk import Walk
from livereduce.stream.items import U4

SOURCE = ROOT / "src" / "livereduce"
PACKETS = [p.geometry(p.T0, "x" * size) for size in (0, 3, 200, 4000)] + [p.sync(p.T0)]


def words(data: bytes) -> U4:
    return np.frombuffer(data[: len(data) & ~3], "<u4")


@settings(deadline=None)
@given(st.lists(st.sampled_from(PACKETS), max_size=8), st.integers(0, 60), st.integers(1, 400))
def test_every_whole_packet_is_given_once(packets: list[bytes], torn: int, piece: int) -> None:
    data = b"".join(packets) + p.geometry(p.T0, "y" * 44)[: 4 * (torn // 4)]
    seen, framer = list[bytes](), Framer()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(walk, "PIECE_WORDS", piece)
        steps = Walk(framer, words(data), 1000)
        for table in steps:
            assert len(table) > 0
            assert table.offset + 4 * (int(table.at[0]) - 4) == 1000 + len(b"".join(seen))
            for row in range(len(table)):
                start = int(table.at[row]) - 4
                seen.append(table.words[start : start + 4 + int(table.length[row])].tobytes())
    assert seen[: len(packets)] == packets
    assert 4 * steps.used_words == len(b"".join(seen))
    assert bool(steps.missing_words) == (len(data) > 4 * steps.used_words)


def test_packets_before_an_impossible_one_are_given() -> None:
    data = p.sync(p.T0) * 3
    steps = Walk(Framer(), words(data + p.words(7, 0x400900, 0, 0)))
    rows: list[int] = []
    with pytest.raises(FramingError, match=f"at byte {len(data)}:"):
        rows.extend(len(table) for table in steps)
    assert (sum(rows), 4 * steps.used_words) == (3, len(data))


def test_nothing_else_in_the_package_walks_packets() -> None:
    """`halves` and `Caution` frame packets again that the walk has given."""
    framing = {
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "table" and "framer" in ast.unparse(node.value).lower()
    }
    again = {"stream/adara/wire/frame.py", "stream/adara/caution.py"}
    assert framing == {"stream/adara/wire/walk.py"} | again
