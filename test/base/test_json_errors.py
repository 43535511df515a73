"""The line of the mistake, not the one where the parser gave up."""

import json

import pytest

from livereduce.base.json_errors import find_mistake, repeated_names
from livereduce.config.file import read_text

# the text, and what is said of it; ‸ stands before the culprit and is taken out
MISTAKES = {
    "a comma after the last key": ('{\n  "a": 1‸,\n\n\n}', "a comma too many: } follows"),
    "a comma after the last of a list": ('{"periods": [1, 2‸,\n]}', "a comma too many: ] follows"),
    "two commas": ('{"a": 1‸,\n, "b": 2}', "a comma too many: , follows"),
    "a comma first": ('{\n‸, "a": 1}', "a comma with nothing before it"),
    "no comma": ('{\n  "a": "x‸"\n\n  "b": 2\n}', "a comma is missing"),
    "no comma after an object": ('{"watchdog": {"interval": 5‸}\n"b": 2}', "a comma is missing"),
    "a semicolon": ('{"a": 1‸; "b": 2}', "entries are separated by commas"),
    "a comment behind": ('{\n  "a": 1, ‸// every second\n  "b": 2\n}', "a comment"),
    "a comment of a shell": ('{\n  "a": 1 ‸# every second\n}', "a comment"),
    "a comment in a line of its own": ('{\n  "a": 1,\n\n  ‸/* two */\n  "b": 2\n}', "a comment"),
    "a comment first": ('‸# mine\n{}', "a comment"),
    "a comment last": ('{}\n\n‸# mine\n', "a comment"),
    "single quotes": ("{\n  ‸'a': 1\n}", "the quote '"),
    "a value in single quotes": ("{\n  \"a\": ‸'x'\n}", "the quote '"),
    "quotes of a text processor": ('{\n  ‸“a”: 1\n}', "the quote “"),
    "no last brace": ('‸{\n  "a": {\n    "b": 1\n  },\n  "c": 2\n', "this { is never closed"),
    "no inner brace": ('{\n  "a": ‸{\n    "b": 1,\n    "d": 2,\n  "c": 2\n}\n', "this { is never closed"),
    "no end of a list": ('{\n  "periods": ‸[1, 2\n', "this [ is never closed"),
    "the wrong bracket": ('{"periods": [1, 2\n‸}', "} while a [ is still open"),
    "a brace too many": ('{\n  "a": 1\n}\n‸}', "one } too many"),
    "a brace too early": ('{\n  "a": {"b": 1}‸},\n  "c": 2\n}', "this } ends the file's object, but there is more"),
    "a key without quotes": ('{\n  ‸instrument: "PG3"\n}', "a name needs double quotes"),
    "a text without quotes": ('{\n  "instrument": ‸PG3\n}', "a string needs double quotes"),
    "no closing quote": ('{\n  "instrument": ‸"PG3,\n  "b": 1\n}', "no closing quote on this line"),
    "no closing quote of a key": ('{\n  ‸"instrument: "PG3"\n}', "no closing quote"),
    "no closing quote, at the end": ('{"a": ‸"x', "no closing quote on this line"),
    "a backslash": ('{"script_dir": "C:‸\\path"}', "a backslash"),
    "a tab in a text": ('{"a": "x‸\ty"}', "a tab inside a string"),
    "no value": ('{\n  "a"‸:\n}', "the value is missing"),
    "no value in the middle": ('{"a": ‸, "b": 2}', "the value is missing"),
    "no colon": ('{"a" ‸1}', "a colon (:) is missing"),
    "an equals sign": ('{\n"a" ‸= 1}', "a colon (:) is missing"),
    "Python's words": ('{"preserve_events": ‸True}', "JSON writes true"),
    "a number with its unit": ('{"update_every": ‸30s}', "not a valid JSON number"),
    "a number with a zero before it": ('{"update_every": ‸030}', "not a valid JSON number"),
    "a number without a zero before it": ('{"update_every": ‸.5}', "not a valid JSON number"),
    "another format": ('\n[‸livereduce]\ninstrument = PG3\n', "a string needs double quotes"),
    "no braces at all": ('‸instrument: PG3\n', "the file must begin with {"),
}  # fmt: skip


@pytest.mark.parametrize(("marked", "said"), MISTAKES.values(), ids=MISTAKES)
def test_the_culprit_is_named(marked: str, said: str) -> None:
    at = marked.index("‸")
    lines = marked[: at + 1].split("\n")
    (problem,) = read_text(marked.replace("‸", ""), None).problems
    assert f"not valid JSON, line {len(lines)}, column {len(lines[-1])}: " in problem
    assert said in problem
    shown = marked.replace("‸", "").split("\n")[len(lines) - 1].strip().replace("\t", " ")
    assert problem.endswith(f"; the line is: {shown}")
    assert "\n" not in problem, "it is one line of a log"


def test_of_a_long_line_the_part_that_matters_is_shown() -> None:
    text = '{"spectra": [' + "1, " * 5000 + "'2'" + ", 3" * 5000 + "]}"
    with pytest.raises(json.JSONDecodeError) as raised:
        json.loads(text)
    mistake = find_mistake(raised.value)
    assert (mistake.line, mistake.column) == (1, text.index("'") + 1)
    assert "'2'" in mistake.shown
    assert len(mistake.shown) <= 80


def test_a_key_given_twice_is_named_with_both_lines() -> None:
    text = '{\n"instrument": "PG3",\n"limits": {"process": 5},\n\n"instrument": "NOM",\n"limits.process": 6}'
    first, second = read_text(text, None).config.warnings
    assert 'line 5: "instrument" is given more than once (first on line 2); the last one counts' in first
    assert 'line 6: "limits.process" is given more than once (first on line 3); the last one counts' in second


def test_the_same_name_in_another_object_is_no_repeat() -> None:
    assert repeated_names('{"a": {"b": 1}, "c": {"b": 2}, "d": [{"b": 3}, {"b": 4}], "b": ":", "e": "b"}') == []
