"""Waiting for a descriptor, whatever its number."""

import os
import resource
from pathlib import Path

import livereduce
from livereduce.base.waiting import is_readable

MANY = 1500
"""Beyond what select(2) takes."""


def test_a_descriptor_of_a_large_number_is_waited_for() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, MANY + 1), hard))
    reading, writing = os.pipe()
    try:
        assert os.dup2(reading, MANY) == MANY
        assert not is_readable(MANY, 0.0)
        os.write(writing, b"x")
        assert is_readable(MANY, 50.0)
        assert os.read(MANY, 9) == b"x"
        assert not is_readable(MANY, -1.0)
        os.close(writing)
        assert is_readable(MANY, 50.0), "the other end is gone"
    finally:
        os.close(reading)
        os.close(MANY)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_nothing_waits_in_the_way_that_has_a_limit() -> None:
    package = Path(livereduce.__file__).parent
    assert [str(path) for path in package.rglob("*.py") if "select.select(" in path.read_text()] == []
