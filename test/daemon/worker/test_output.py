from hypothesis import given
from hypothesis import strategies as st

from livereduce.base.visible import visible
from livereduce.daemon.worker.output import LONGEST_LINE_BYTES, REMEMBERED_LINES, Line, WorkerOutput
from livereduce.messages.beat import encode_speaker

PROC, POST_PROC = "a" * 32, "0123456789abcdef" * 2


def texts(lines: list[Line]) -> list[str]:
    return [line.text for line in lines]


def feed_in_pieces(printed: bytes, data: st.DataObject) -> list[Line]:
    output, seen = WorkerOutput(), list[Line]()
    while printed:
        cut = data.draw(st.integers(1, len(printed)))
        seen += output.feed(printed[:cut])
        printed = printed[cut:]
    return seen + output.finish()


@given(st.lists(st.text(st.characters(blacklist_characters="\n\r\x1e", blacklist_categories=["Cs"]))), st.data())
def test_lines_come_out_as_they_were_printed_however_the_pipe_cuts_them(lines: list[str], data: st.DataObject) -> None:
    printed = "".join(line + "\n" for line in lines).encode()
    assert texts(feed_in_pieces(printed, data)) == [visible(line) for line in lines]


@given(st.lists(st.tuples(st.sampled_from(["", PROC, POST_PROC]), st.integers(0, 3)), max_size=8), st.data())
def test_each_line_is_of_the_script_that_speaks(spoken: list[tuple[str, int]], data: st.DataObject) -> None:
    printed = b"".join(encode_speaker(by) + b"x\n" * count for by, count in spoken)
    assert feed_in_pieces(printed, data) == [Line("x", by) for by, count in spoken for _ in range(count)]


def test_a_line_without_its_end_ends_where_another_begins_to_speak() -> None:
    output = WorkerOutput()
    assert output.feed(b"10 % " + encode_speaker(PROC) + b"20 %") == [Line("10 % ")]
    assert output.feed(encode_speaker("") + b"30 %\n") == [Line("20 %", PROC), Line("30 %")]


def test_half_a_tag_is_waited_for_and_one_that_is_none_is_shown() -> None:
    output = WorkerOutput()
    assert output.feed(b"\x1eabc") == []
    assert output.feed(b"def\n") == [Line("\\x1eabcdef")]
    assert output.feed(b"\x1e") == []
    assert output.finish() == [Line("\\x1e")]


def test_the_last_line_needs_no_end() -> None:
    output = WorkerOutput()
    assert texts(output.feed(b"one\ntw")) == ["one"]
    assert texts(output.finish()) == ["tw"]
    assert list(output.last) == ["one", "tw"]


def test_a_line_without_end_comes_in_pieces_and_is_not_hoarded() -> None:
    output, seen = WorkerOutput(), list[str]()
    for _ in range(10):
        seen += texts(output.feed(b"x" * 3000))
        assert len(output.rest) < LONGEST_LINE_BYTES
    assert "".join(seen + texts(output.finish())) == "x" * 30_000
    assert max(map(len, seen)) == LONGEST_LINE_BYTES


def test_last_words_are_kept() -> None:
    output = WorkerOutput()
    output.feed(b"z\n" * 10_000)
    output.feed(b"Segmentation fault\n")
    assert output.last[-1] == "Segmentation fault"
    assert len(output.last) == REMEMBERED_LINES


def test_bytes_that_are_no_text_and_control_characters_are_shown() -> None:
    assert texts(WorkerOutput().feed(b"\xff\x00a\r\n")) == ["\\xff\\x00a"]
    assert texts(WorkerOutput().feed(b"NUL \x00 ESC \x1b[31m \xe2\x80\xae\n")) == ["NUL \\x00 ESC \\x1b[31m \\u202e"]
