from hypothesis import given
from hypothesis import strategies as st

from livereduce.daemon.output import BYTES_PER_WINDOW, LONGEST_LINE_BYTES, WINDOW_S, Output


@given(st.lists(st.text(st.characters(blacklist_characters="\n\r", blacklist_categories=["Cs"]))), st.data())
def test_lines_come_out_as_they_were_printed_however_the_pipe_cuts_them(lines: list[str], data: st.DataObject) -> None:
    printed = "".join(line + "\n" for line in lines).encode()
    output, seen = Output(), []
    while printed:
        cut = data.draw(st.integers(1, len(printed)))
        seen += output.feed(printed[:cut], 0.0)
        printed = printed[cut:]
    assert seen == lines
    assert output.finish(0.0) == []


def test_the_last_line_needs_no_end() -> None:
    output = Output()
    assert output.feed(b"one\ntw", 0) == ["one"]
    assert output.finish(0) == ["tw"]
    assert list(output.last) == ["one", "tw"]


def test_a_line_without_end_comes_in_pieces_and_is_not_hoarded() -> None:
    output, seen = Output(), []
    for _ in range(10):
        seen += output.feed(b"x" * 3000, 0)
        assert len(output.rest) < LONGEST_LINE_BYTES
    assert "".join(seen + output.finish(0)) == "x" * 30_000
    assert max(map(len, seen)) == LONGEST_LINE_BYTES


def test_a_flood_is_cut_counted_and_forgiven_in_the_next_window() -> None:
    output, line = Output(), b"y" * 1023 + b"\n"
    seen: list[str] = []
    for _ in range(10 * BYTES_PER_WINDOW // 1024):
        seen += output.feed(line, 1.0)
    assert BYTES_PER_WINDOW * 0.99 < sum(map(len, seen)) <= BYTES_PER_WINDOW
    left_out = 10 * BYTES_PER_WINDOW // 1024 - len(seen)
    assert output.feed(b"after\n", 1.0 + WINDOW_S) == [f"({left_out} more lines of output were left out)", "after"]


def test_last_words_are_kept_beyond_the_bound() -> None:
    output = Output()
    output.feed(b"z\n" * BYTES_PER_WINDOW, 0)
    assert output.feed(b"Segmentation fault\n", 0) == []
    assert output.last[-1] == "Segmentation fault"


def test_bytes_that_are_no_text_are_shown() -> None:
    assert Output().feed(b"\xff\x00a\r\n", 0) == ["\\xff\x00a"]
