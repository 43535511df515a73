"""The list `notify`: what is taken, and that a mistake costs its entry alone and never shows an address."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livereduce.config.file import parse_config, read_text
from livereduce.config.notifying import NotifyEntry, NotifyList, Occasion, parse_notify

SECRET = "https://chat.example/hooks/t0ps3cret"
GOOD = {"on": ["parked"], "command": ["/usr/bin/logger", "{text}"]}


def problems(**entry: object) -> str:
    listed = parse_notify([entry])
    assert not listed.entries
    return " | ".join(listed.problems)


def test_entries_as_people_write_them() -> None:
    text = [
        {"on": "down", "webhook": SECRET},
        {"on": ["degraded", "no_result"], "longer_than_s": 600, "command": ["/bin/true"], "at_most_every_s": 60},
        {"on": ["statistics"], "metric": "peak_area", "target": 0.01, "webhook_file": "/etc/livereduce/hook"},
    ]
    assert parse_notify(text) == NotifyList(
        entries=(
            NotifyEntry(number=1, on=(Occasion.DOWN,), webhook=SECRET),
            NotifyEntry(
                number=2,
                on=(Occasion.DEGRADED, Occasion.NO_RESULT),
                longer_than_s=600.0,
                command=("/bin/true",),
                at_most_every_s=60.0,
            ),
            NotifyEntry(
                number=3,
                on=(Occasion.STATISTICS,),
                metric="peak_area",
                target=0.01,
                webhook_file=Path("/etc/livereduce/hook"),
            ),
        )
    )


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({**GOOD, "on": ["parkd"]}, "unknown occasion 'parkd'; did you mean \"parked\"?"),
        ({**GOOD, "on": []}, '"on": expected a list of parked, degraded'),
        ({**GOOD, "on": [1]}, '"on": expected a list of parked, degraded'),
        ({"command": ["/bin/true"]}, '"on": expected a list of'),
        ({**GOOD, "webhok": SECRET}, "unknown key 'webhok'; did you mean \"webhook\"?"),
        ({"on": ["down"]}, 'expected one of "command", "webhook" and "webhook_file", got none of them'),
        ({**GOOD, "webhook": SECRET}, 'got "command" and "webhook"'),
        ({"on": ["down"], "command": "logger x"}, "there is no shell"),
        ({"on": ["down"], "command": ["logger"]}, "absolute path of a program"),
        ({"on": ["down"], "command": ["/bin/a\0b"]}, "there is no shell"),
        ({"on": ["down"], "webhook": "ftp://x/y"}, "begins with https://"),
        ({"on": ["down"], "webhook": "https://user:pw@host/"}, "begins with https://"),
        ({"on": ["down"], "webhook": "https://[bad/"}, "begins with https://"),
        ({"on": ["down"], "webhook_file": "hook"}, "expected an absolute path"),
        ({**GOOD, "on": ["no_result"]}, '"no_result" needs "longer_than_s"'),
        ({**GOOD, "on": ["statistics"], "target": 0.1}, '"statistics" needs "metric"'),
        ({**GOOD, "on": ["statistics"], "metric": "a", "target": 1}, '"statistics" needs "target"'),
        ({**GOOD, "at_most_every_s": 0}, '"at_most_every_s": expected a number of seconds, more than 0'),
        ({**GOOD, "longer_than_s": True}, '"longer_than_s": expected a number of seconds, 0 or more'),
        ({**GOOD, "longer_than_s": float("nan")}, '"longer_than_s"'),
    ],
)
def test_a_mistake_is_named(entry: dict[str, object], words: str) -> None:
    said = problems(**entry)
    assert words in said
    assert said.startswith('"notify", entry 1: ')
    assert "it sends nothing" in said
    assert "t0ps3cret" not in said


def test_one_bad_entry_leaves_the_others_and_the_reduction_alone() -> None:
    text = json.dumps({"instrument": "PG3", "notify": [{"on": ["x"], "webhook": SECRET}, GOOD]})
    config = parse_config(text, None)  # a warning, no error: nothing parks
    assert config.notify
    assert [entry.number for entry in config.notify.entries] == [2]
    (warning,) = config.warnings
    assert "entry 1" in warning


@pytest.mark.parametrize("text", ['{"notify": {"on": 1}}', '{"notify": "x"}'])
def test_what_is_no_list_is_said(text: str) -> None:
    (warning,) = parse_config(text, None).warnings
    assert '"notify": expected a list of objects' in warning


def test_an_address_is_shown_nowhere() -> None:
    config = parse_config(json.dumps({"notify": [{"on": ["down"], "webhook": SECRET}]}), None)
    assert config.notify
    shown = f"{config!r} {config.notify} {config.notify.entries[0].name}"
    assert "t0ps3cret" not in shown
    assert "webhook at chat.example" in shown
    broken = read_text('{"notify": [{"on": ["down"], "webhook": "' + SECRET + "\n}", None)
    assert broken.problems
    assert "t0ps3cret" not in str(broken)
    broken = read_text('{"notify": [{"webhook": "' + SECRET + '" "on": 3}]}', None)
    assert "t0ps3cret" not in str(broken)


def test_the_heartbeat_is_off_unless_all_of_it_can_be_used() -> None:
    assert parse_config("{}", None).heartbeat_brokers is None
    config = parse_config('{"heartbeat": {"brokers": ["a", "[::1]:61614"]}}', None)
    assert (config.heartbeat_brokers, config.heartbeat_interval_s) == (("a:61613", "[::1]:61614"), 30.0)
    wrong = parse_config('{"heartbeat": {"brokers": ["a", "[::1]:61614"], "interval": 0}}', None)
    assert wrong.heartbeat_brokers is None
    assert len(wrong.warnings) == 1


values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)),
    max_leaves=8,
)
keys = st.sampled_from(
    ["on", "longer_than_s", "metric", "target", "command", "webhook", "webhook_file", "at_most_every_s", "x"]
)
likely = st.one_of(values, st.sampled_from(["parked", ["down"], ["/bin/x"], "https://a", 0.5, "/a"]))


@given(st.lists(st.dictionaries(keys, likely, max_size=6), max_size=4))
def test_whatever_is_written_is_taken_or_named(body: list[dict[str, object]]) -> None:
    listed = parse_notify(body)
    named = {entry.number for entry in listed.entries}
    assert all(str(problem).encode() for problem in listed.problems)
    for number in range(1, len(body) + 1):
        assert (number in named) != any(f"entry {number}:" in problem for problem in listed.problems)


@pytest.mark.parametrize(
    "keys",
    [
        {"brokers": []},
        {"brokers": ["a:0"]},
        {"brokers": ["a:70000"]},
        {"brokers": ["a b"]},
        {"brokers": [5]},
        {"brokers": 5},
        {"brokers": ["user:pw@a"]},
        {"destination": "SNS.X"},
        {"destination": "/topic/a b"},
        {"ping": "/topic/a\nx:y"},
        {"tls": "perhaps"},
    ],
)
def test_a_wrong_value_of_the_heartbeat_is_a_warning(keys: dict[str, object]) -> None:
    (warning,) = parse_config(json.dumps({"heartbeat": keys}), None).warnings
    assert warning.endswith("; nothing is sent")
    assert "pw" not in warning
