"""What attempts print, however much."""

from livereduce.daemon.worker.output import Line
from livereduce.workbench.attempts.printed import MAX_CHARACTERS, MAX_LINES, Printout


def test_lines_have_the_script_that_printed_them_and_a_flood_is_counted() -> None:
    said: list[str] = []
    printout = Printout(said.append)
    printout.begin()
    printout.take(Line("hello"), "proc 1a2b3c4")
    printout.take(Line("of a library"), "")
    for number in range(MAX_LINES):
        printout.take(Line(f"{number} " + "x" * 2 * MAX_CHARACTERS), "proc 1a2b3c4")
    printout.end()
    assert said[:2] == ["  [proc 1a2b3c4] hello", "  of a library"]
    assert len(said) == MAX_LINES + 1
    assert max(map(len, said)) == MAX_CHARACTERS
    assert said[-1] == "  … and 2 more lines"


def test_of_the_workers_own_log_only_warnings_are_shown_and_each_once() -> None:
    said: list[str] = []
    printout = Printout(said.append)
    for text in ("INFO livereduce.engine: ready", "WARNING livereduce.stream: odd", "ERROR livereduce.engine: failed"):
        printout.take(Line(text), "")
        printout.take(Line(text), "")
    assert said == ["  WARNING livereduce.stream: odd"]
