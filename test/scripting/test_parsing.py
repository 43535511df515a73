import os
import signal
import time
from pathlib import Path

import pytest

from livereduce.scripting.parsing import ParseLimits, Parser, look_to_the_end
from livereduce.scripting.script_set import read_set
from livereduce.scripting.syntax import Parse, Syntax, parse

PATH = Path("/scripts/reduce_PG3_live_proc.py")
SHORT = ParseLimits(cpu_s=1, memory_bytes=200 << 20, wall_s=60.0, attempts=2)


def nested_finally(levels: int, statements: int = 200) -> bytes:
    """Python writes out the body of `finally` twice at each level: a page of text is gigabytes of code."""
    heads = "".join(f"{' ' * k}try:\n{' ' * k}  pass\n{' ' * k}finally:\n" for k in range(levels))
    return f"{heads}{' ' * levels}{'x = 1; ' * statements}y = x\n".encode()


def find(parser: Parser, text: bytes, package: tuple[str, ...] | None = None) -> Syntax:
    return look_to_the_end(parser, lambda parse: parse(text, PATH, package))


def is_busy(parser: Parser) -> bool:
    return parser.fd is not None


def children() -> int:
    return len(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


@pytest.mark.parametrize(
    "text", [b"import a.b\nfrom c import d\noutput = input\n", b"result = 3\n", b"", b"x = (\n", b"\0", b"# \xe9"]
)
@pytest.mark.parametrize("package", [None, ("a",)])
def test_the_same_is_found_as_in_this_process(text: bytes, package: tuple[str, ...] | None) -> None:
    assert find(Parser(), text, package) == parse(text, PATH, package)


def test_nothing_is_waited_for_and_what_is_known_is_not_asked_again() -> None:
    parser = Parser()
    first = parser.asking()
    assert (first(b"import a", PATH), first.is_open) == (Syntax(), True)
    parser.start(0.0)
    assert is_busy(parser)
    while not parser.gather(0.0):
        time.sleep(0.01)
    assert not is_busy(parser)
    assert children() == 0
    again = parser.asking()
    assert (again(b"import a", PATH).imports, again.is_open) == ((("a",),), False)
    parser.start(0.0)
    assert not is_busy(parser), "there is nothing to find out"


def test_a_text_that_takes_all_memory_is_a_problem_and_those_after_it_are_found() -> None:
    parser = Parser(SHORT)
    huge, good = nested_finally(19), b"import a\n"

    def look(parse: Parse) -> tuple[Syntax, Syntax]:
        return parse(huge, PATH, None), parse(good, PATH, None)

    refused, found = look_to_the_end(parser, look)
    assert refused.problem.startswith(f"{PATH}:")
    assert found.imports == (("a",),)


def test_a_text_that_takes_too_long_is_a_problem_that_names_the_limit() -> None:
    parser = Parser(ParseLimits(cpu_s=1, memory_bytes=8 << 30))
    found = find(parser, nested_finally(17, 400))
    assert (found.problem, found.beyond) == (f"{PATH}: compiling it takes more than 1 s", True)
    assert find(parser, b"import a\n").imports == (("a",),)


def kill(parser: Parser) -> None:
    pids = [int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def test_a_process_that_somebody_kills_is_started_again_and_the_text_not_blamed_at_once() -> None:
    parser, text = Parser(SHORT), nested_finally(14, 400)
    assert parser.asking()(text, PATH) == Syntax()
    parser.start(0.0)
    kill(parser)
    while not parser.gather(0.0):
        time.sleep(0.01)
    again = parser.asking()
    again(text, PATH)
    assert again.is_open
    parser.start(0.0)
    kill(parser)
    while not parser.gather(0.0):
        time.sleep(0.01)
    found = parser.asking()(text, PATH)
    assert "ended 2 times (by signal 9)" in found.problem
    assert found.beyond


def test_a_process_that_gives_no_answer_in_time_is_ended() -> None:
    parser = Parser(ParseLimits(cpu_s=1000, memory_bytes=8 << 30, wall_s=5.0, attempts=1))
    parser.asking()(nested_finally(18, 400), PATH)
    parser.start(0.0)
    assert not parser.gather(4.9)
    assert parser.gather(5.0)
    assert "ended 1 times" in parser.asking()(nested_finally(18, 400), PATH).problem
    assert children() == 0


def test_no_process_is_left_behind() -> None:
    parser = Parser()
    parser.asking()(nested_finally(18, 400), PATH)
    parser.start(0.0)
    assert children() == 1
    parser.end()
    assert not is_busy(parser)
    assert children() == 0


def test_the_process_keeps_no_descriptor_of_the_parent(tmp_path: Path) -> None:
    """A lock would outlive its daemon."""
    with (tmp_path / "lock").open("w") as lock:
        os.set_inheritable(lock.fileno(), True)
        parser = Parser()
        parser.asking()(nested_finally(18, 400), PATH)
        parser.start(0.0)
        try:
            (pid,) = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
            while len(open_fds := {entry.name for entry in Path(f"/proc/{pid}/fd").iterdir()}) > 4:
                time.sleep(0.01)
            assert str(lock.fileno()) not in open_fds
        finally:
            parser.end()


def test_scripts_are_found_with_it(tmp_path: Path) -> None:
    (tmp_path / "reduce_PG3_live_proc.py").write_text("x = (\n")
    here = read_set(tmp_path, "PG3")
    assert look_to_the_end(Parser(), lambda parse: read_set(tmp_path, "PG3", parse)) == here
    assert here.proc is not None
    assert here.proc.problem.endswith("_proc.py:1: '(' was never closed: x = (")
