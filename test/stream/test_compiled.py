"""Kernels are compiled when they are first called, and told of with how many there are."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from livereduce.stream import compiled, compiling
from livereduce.stream.compiled import Kernel, kernel
from livereduce.stream.compiling import COMPILING, kernels_in, tell_of_compiling


@pytest.fixture(autouse=True)
def _own_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "declared", [])
    monkeypatch.setattr(compiling, "declared", compiled.declared)


@pytest.fixture
def said() -> Iterator[list[str]]:
    texts: list[str] = []
    tell_of_compiling(texts.append)
    yield texts
    tell_of_compiling(None)


def summing() -> Kernel:
    @kernel("i8", "i8[]")
    def total(values):  # type: ignore[no-untyped-def]
        """Add."""
        result = 0
        for i in range(values.size):
            result += values[i]
        return result

    return total


def test_a_kernel_is_not_compiled_before_it_is_called(said: list[str]) -> None:
    total = summing()
    assert (total.__name__, total.__doc__, said) == ("total", "Add.", [])
    values = np.arange(4)
    values.flags.writeable = False
    assert total(values) == 6
    assert total(values) == 6


def test_a_kernel_takes_only_what_it_declares() -> None:
    with pytest.raises(TypeError):
        summing()(np.zeros(3))


def test_a_kernel_can_be_called_by_another() -> None:
    total = summing()

    @kernel("i8", "i8[]")
    def twice(values):  # type: ignore[no-untyped-def]
        return 2 * total(values)

    assert twice(np.arange(4)) == 12


def test_threads_may_call_a_new_kernel_at_once() -> None:
    total, found = summing(), []
    threads = [threading.Thread(target=lambda: found.append(total(np.arange(4)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [6] * 4


def test_kernels_are_found_by_their_rooms() -> None:
    total = summing()
    room = total.__module__
    assert kernels_in(room) == kernels_in("elsewhere", room) == [total]
    assert kernels_in(room[:-1]) == []


def test_compiling_is_told_with_the_number_of_kernels(tmp_path: Path) -> None:
    """Nothing is told of kernels that the cache has."""
    code = (
        "from livereduce.stream.compiling import kernels_in, load, tell_of_compiling\n"
        "import livereduce.engine.counting.kernels\n"
        "tell_of_compiling(print)\n"
        "load(kernels_in('livereduce.engine.counting'))\n"
    )
    environ = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "kernels")}
    said = [
        subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    told = list(dict.fromkeys(said[0].splitlines()))  # numba tells of each function that a kernel calls as well
    assert len(told) > 1
    assert told == [f"{COMPILING} ({k + 1} of {len(told)})" for k in range(len(told))]
    assert said[1] == ""
