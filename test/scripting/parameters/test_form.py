"""What people write by hand, and what else may be in a file that anybody may write."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livereduce.scripting.parameters.form import MAX_LIST, MAX_PARAMETERS, Parameter, parse_parameters
from livereduce.scripting.parameters.ranges import MAX_RUN, RunRange, parse_range

EXAMPLE = b"""{
  "d_max": 2.5,
  "wavelength": {"value": 1.066, "units": "angstrom"},
  "peaks": [1.2, 1.5],
  "calibration": [
    {"runs": "12345-", "value": "cal/new.h5"},
    {"runs": "-12344", "value": "cal/old.h5"}
  ]
}"""


def parsed(text: bytes) -> dict[str, Parameter]:
    parameters, problems = parse_parameters(text)
    assert not problems
    return {one.name: one for one in parameters}


def test_the_example_of_the_documents() -> None:
    found = parsed(EXAMPLE)
    assert list(found) == ["d_max", "wavelength", "peaks", "calibration"]
    wavelength = found["wavelength"].of_run(7)
    assert wavelength is not None
    assert (wavelength.value, wavelength.units, str(wavelength.runs)) == (1.066, "angstrom", "all runs")
    assert found["peaks"].of_run(7).value == (1.2, 1.5)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("run", "value"), [(1, "cal/old.h5"), (12344, "cal/old.h5"), (12345, "cal/new.h5"), (0, "cal/new.h5")]
)
def test_each_run_has_its_value_and_between_runs_the_newest_counts(run: int, value: str) -> None:
    choice = parsed(EXAMPLE)["calibration"].of_run(run)
    assert choice is not None
    assert choice.value == value


def test_a_run_may_be_without_a_value() -> None:
    found = parsed(b'{"cal": {"runs": "10-20", "value": 1}}')["cal"]
    assert found.of_run(9) is found.of_run(21) is None
    assert found.of_run(10) == found.of_run(20) == found.of_run(0) == found.choices[0]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("-12344", 0, 12344),
        ("12345-", 12345, MAX_RUN),
        (" 5 - 7 ", 5, 7),
        ("9", 9, 9),
        (9, 9, 9),
    ],
)
def test_ranges(text: object, first: int, last: int) -> None:
    assert parse_range(text) == RunRange(first=first, last=last)


@pytest.mark.parametrize(
    "text", ["", "-", "7-5", "a-b", "1-2-3", "1 2", "0-", "0", 0, -3, 1.5, True, None, [1], "9" * 30]
)
def test_no_ranges(text: object) -> None:
    assert parse_range(text) is None


WRONG = {
    "nothing": (b"", "line 1, column 1"),
    "a comma too many": (b'{"a": 1,}', "line 1, column 8: a comma too many"),
    "not text": (b'{"a": "\xff"}', "not UTF-8 text (byte 0xff at offset 7)"),
    "a list": (b"[1]", "expected an object of names and values, got [1]"),
    "twice": (b'{"a": 1,\n "a": 2}', "line 2: a is given more than once (first on line 1)"),
    "NaN": (b'{"a": NaN}', "NaN is not a number of JSON"),
    "infinity": (b'{"a": 1e999}', "a: expected a number, a text, true, false or a list of these, got Infinity"),
    "too large": (b'{"a": 9999999999999999999}', "a: expected a number"),
    "null": (b'{"a": null}', "a: expected a number, a text, true, false or a list of these, got null"),
    "an object": (
        b'{"a": {"vaule": 1}}',
        'a: expected "value", "units" and "runs", got "vaule"; did you mean \'value\'?',
    ),
    "no value": (b'{"a": {"units": "K"}}', 'a: "value" is missing'),
    "units": (b'{"a": {"value": 1, "units": 2}}', "a.units: expected a text of at most 32 characters, got 2"),
    "a name": (
        b'{"d max": 1}',
        'expected a name of letters, digits and _ . -, at most 64, the first one a letter; got "d max"',
    ),
    "a list in a list": (b'{"a": [[1]]}', "a[0]: expected a number"),
    "a mixture": (b'{"a": [1, {"runs": "1-", "value": 2}]}', 'a[0]: expected {"runs": …, "value": …} with a range'),
    "a range": (b'{"a": [{"runs": "9-3", "value": 2}]}', 'a[0].runs: expected a range of runs such as "-12344"'),
    "an overlap": (
        b'{"a": [{"runs": "5-", "value": 2}, {"runs": "-5", "value": 1}]}',
        "a: the ranges of runs -5 and 5- overlap; a run has one value",
    ),
    "a control character": (b'{"a": "x\\u0000y"}', "a: expected a text of at most 1000 visible characters"),
    "a lone surrogate": (b'{"a": "\\ud800"}', "a: expected a text of at most 1000 visible characters"),
    "a long list": (
        json.dumps({"a": [0] * (MAX_LIST + 1)}).encode(),
        "a: expected a list of at most 1000 values, got 1001",
    ),
    "too many": (
        json.dumps({f"a{k}": 0 for k in range(MAX_PARAMETERS + 1)}).encode(),
        "expected at most 200 parameters, got 201",
    ),
    "deep": (b"[" * 100_000, "nested too deeply"),
    "a number of many digits": (b'{"a": ' + b"9" * 10_000 + b"}", "limit"),
}


@pytest.mark.parametrize(("text", "said"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_named(text: bytes, said: str) -> None:
    found, problems = parse_parameters(text)
    assert said in problems[0]
    assert not found or problems


def test_all_problems_are_told_at_once() -> None:
    _, problems = parse_parameters(b'{"a": null, "b": 1, "c": {"units": ""}}')
    assert [problem[0] for problem in problems] == ["a", "c"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["value", "units", "runs", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["a", "b.c", "9", ""]), json_values, max_size=3))
def test_whatever_is_in_it_there_is_an_answer(body: object) -> None:
    found, problems = parse_parameters(json.dumps(body).encode())
    assert found or problems or body == {}


@given(st.binary(max_size=50))
def test_whatever_the_bytes_are_there_is_an_answer(text: bytes) -> None:
    parse_parameters(text)
