"""Findings in words and in the form of the API."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livereduce.messages.regions import pixel_ranges
from livereduce.viewer.findings.facts import Finding, FindingKind, FoundIn
from livereduce.viewer.findings.wording import MOST_RANGES, bank_words, findings_body, ranges


@given(st.sets(st.integers(0, 60), min_size=1, max_size=MOST_RANGES))
def test_ranges_of_pixels_are_those_of_a_region(pixels: set[int]) -> None:
    text = ranges(np.array(sorted(pixels, reverse=True), np.int32))
    assert [k for first, last in pixel_ranges(text) for k in range(first, last + 1)] == sorted(pixels)


def test_too_many_ranges_are_cut_and_none_is_empty() -> None:
    assert ranges(np.arange(0, 100, 2, dtype=np.int32)).endswith(",38,…")
    assert ranges(np.empty(0, np.int32)) == ""


@pytest.mark.parametrize(
    ("name", "words"),
    [("7", "bank 7"), ("bank7", "bank7"), ("Bank 7", "Bank 7"), ("east", "bank east"), ("", "no bank")],
)
def test_a_bank_in_words(name: str, words: str) -> None:
    assert bank_words(name) == words


def test_a_finding_is_plain_json() -> None:
    found = Finding(
        kind=FindingKind.DEAD, what=FoundIn.PIXEL, bank="7", pixels="1-3", since_ns=1_160_000_000_000_000_000, text="t"
    )  # fmt: skip
    assert json.loads(json.dumps(findings_body((found,)))) == [
        {
            "kind": "dead",
            "what": "pixel",
            "bank": "7",
            "pixels": "1-3",
            "since": "2026-10-04T22:13:20.000000Z",
            "text": "t",
        }
    ]
