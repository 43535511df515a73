"""The fuzzing that `make fuzz` does under bounds checks: here for a few rounds, and without them."""

import random
from pathlib import Path

import pytest

import fuzz_bounds
from helpers import mutation
from livereduce.stream.adara.wire.banks import BankReader

SEED = 20261129


@pytest.mark.parametrize("name", mutation.made())
def test_captures_that_nobody_changed_pass(name: str, tmp_path: Path) -> None:
    mutation.chew(mutation.made()[name], random.Random(SEED), tmp_path)


def test_a_few_rounds(capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz_bounds.fuzz(SEED, 1e9, 40) == 0
    assert f"40 rounds over {len(mutation.made() | mutation.real())} captures" in capsys.readouterr().out


def test_a_seed_changes_a_capture_in_one_way() -> None:
    data = mutation.made()["a run"]
    one, again, other = (mutation.mutated(data, random.Random(seed)) for seed in (1, 1, 2))
    assert one == again
    assert len({data, one, other}) == 3


def test_what_a_kernel_finds_is_told_with_its_seed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a kernel under bounds checks raises, deep inside of what is contained."""

    def beyond(*_: object) -> None:
        raise IndexError("index is out of bounds")

    monkeypatch.setattr(BankReader, "read", beyond)
    assert fuzz_bounds.fuzz(SEED, 1e9, 40) == 1
    told = capsys.readouterr().out
    seed = int(told.split("FAILED with seed ")[1].split()[0])
    assert "IndexError: index is out of bounds" in told
    assert fuzz_bounds.fuzz(seed, 1e9, 1) == 1, "the seed alone shows it again"
    monkeypatch.undo()
    assert fuzz_bounds.fuzz(seed, 1e9, 1) == 0
