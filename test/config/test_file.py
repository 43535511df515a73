import json
import pwd
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livereduce.base.errors import OperatorError
from livereduce.config import file as config_module
from livereduce.config.file import Config, for_reduction, load_config, parse_config, read_text, value_of
from livereduce.config.keys import KEYS, count_bins
from livereduce.messages.beat import SILENCE_LIMITS_S, Phase

CONF = Path("/some/livereduce.conf")


def parse(**keys: object) -> Config:
    return parse_config(json.dumps(keys), CONF)


def problems_of(text: str) -> tuple[str, ...]:
    with pytest.raises(OperatorError) as caught:
        parse_config(text, CONF)
    return caught.value.problems


def one_problem(text: str) -> str:
    (problem,) = problems_of(text)
    assert problem.startswith(f"{CONF}: ")
    return problem.removeprefix(f"{CONF}: ")


def test_every_field_of_the_configuration_has_its_key() -> None:
    attributes = {key.attribute for key in KEYS}
    assert attributes == {field.name for field in fields(Config)} - {"path", "given", "warnings"}
    assert len({key.name for key in KEYS}) == len(KEYS)


def test_an_empty_object_is_the_defaults() -> None:
    assert parse() == Config(path=CONF)


def test_the_minimal_configuration_of_the_seed() -> None:
    config = parse(instrument="PG3", CONDA_ENV="mantid-dev")
    assert (config.instrument, config.conda_env, config.pixi_env) == ("PG3", "mantid-dev", None)
    assert config.given == ("instrument", "CONDA_ENV")
    assert config.warnings == ()


GOOD: list[tuple[str, object, object]] = [
    ("instrument", " REF_M ", "REF_M"),
    ("instrument", "V20_4-tubes_90deg", "V20_4-tubes_90deg"),
    ("PIXI_ENV", "mantid-qa", "mantid-qa"),
    ("script_dir", "/SNS/PG3/shared/livereduce", Path("/SNS/PG3/shared/livereduce")),
    ("update_every", "300", 300.0),
    ("update_every", 0.5, 0.5),
    ("preserve_events", "False", False),
    ("preserve_events", 1, True),
    ("accum_method", "replace", "Replace"),
    ("periods", [1, "2"], (1, 2)),
    ("periods", 3, (3,)),
    ("spectra", "1, 2,5", (1, 2, 5)),
    ("spectra", [], ()),
    ("system_mem_limit_perc", 0, 0.0),
    ("system_mem_limit_perc", "100", 100.0),
    ("mem_check_interval_sec", "2", 2.0),
    ("engine", "BuiltIn", "builtin"),
    ("source", "adara://bl11a-daq1.sns.gov", "adara://bl11a-daq1.sns.gov:31415"),
    ("source", "ADARA://127.0.0.1:4000/", "adara://127.0.0.1:4000"),
    ("source", "adara://[::1]:4000", "adara://[::1]:4000"),
    ("tof_bins_us", [0, 100, "16666.7"], (0.0, 100.0, 16666.7)),
    ("tof_bins_us", "500,-0.001,20000", (500.0, -0.001, 20000.0)),
    ("watchdog.interval", "30", 30.0),
    ("watchdog.threshold", 20, 20.0),
    ("limits.process", "900", 900.0),
    ("epics.prefix", "BL11A:LR:", "BL11A:LR:"),
    ("epics.interfaces", ["10.1.2.3", "127.0.0.1", "10.1.2.3"], ("10.1.2.3", "127.0.0.1")),
    ("epics.interfaces", "0.0.0.0", ("0.0.0.0",)),
    ("state_dir", "state", Path("state")),
]


@pytest.mark.parametrize(("name", "value", "expected"), GOOD)
def test_values_are_taken_as_people_write_them(name: str, value: object, expected: object) -> None:
    config = parse(**{name: value})
    (key,) = [key for key in KEYS if key.name == name]
    assert value_of(config, key) == expected
    assert type(value_of(config, key)) is type(expected)
    assert config.given == (name,)


@pytest.mark.parametrize("name", ["script_dir", "runtime_dir", "state_dir", "publish.config", "CONDA_ENV", "PIXI_ENV"])
def test_a_tilde_is_the_home_directory(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/beamline")
    (key,) = [key for key in KEYS if key.name == name]
    root = pwd.getpwnam("root").pw_dir
    for text, meant in (("~/a b", "/home/beamline/a b"), ("~root/x", f"{root}/x"), ("/a/~/b", "/a/~/b")):
        if "ENV" not in name or text.startswith("~"):
            assert str(value_of(parse(**{name: text}), key)) == meant


BAD: list[tuple[str, object]] = [
    ("instrument", 3),
    ("instrument", ""),
    ("instrument", "../etc/passwd"),
    ("CONDA_ENV", ["mantid"]),
    ("script_dir", "/a\0b"),
    ("script_dir", "\ud800"),
    ("script_dir", "~nobody-has-this-name/scripts"),
    ("update_every", 0),
    ("update_every", -1),
    ("update_every", True),
    ("update_every", "often"),
    ("update_every", "nan"),
    ("update_every", 10**400),
    ("preserve_events", "yes"),
    ("preserve_events", 2),
    ("accum_method", "Sum"),
    ("accum_method", 1),
    ("periods", [1, -2]),
    ("periods", [1.5]),
    ("periods", {"1": 2}),
    ("spectra", "1-4"),
    ("spectra", [2**31]),
    ("system_mem_limit_perc", 101),
    ("system_mem_limit_perc", -1),
    ("mem_check_interval_sec", 0),
    ("engine", "scipp"),
    ("source", "http://host:80"),
    ("source", "adara://:31415"),
    ("source", "adara://host:99999"),
    ("source", "adara://host:0"),
    ("source", "adara://host/path"),
    ("source", "adara://[::1"),
    ("source", "host:31415"),
    ("tof_bins_us", [100, 1, 100]),
    ("tof_bins_us", [0, 0, 100]),
    ("tof_bins_us", [0, -0.1, 100]),
    ("tof_bins_us", [0, 100]),
    ("tof_bins_us", [0, 1e-3, 1e6]),
    ("tof_bins_us", [0, 1e-320, 1e6]),
    ("tof_bins_us", [1, -1e-320, 2]),
    ("limits.process", 0),
    ("runtime_dir", 5),
]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_wrong_value_is_named_with_its_key_and_what_was_expected(name: str, value: object) -> None:
    problem = one_problem(json.dumps({name: value}))
    (key,) = [key for key in KEYS if key.name == name]
    assert problem.startswith(f'"{name}": expected {key.expected}, got {json.dumps(value)[:70]}')
    assert len(problem) < 300


def test_all_problems_are_reported_at_once_and_the_good_keys_are_kept() -> None:
    reading = read_text('{"update_every": 0, "engine": "x", "instrument": "PG3"}', CONF)
    assert [problem.split(": ")[1] for problem in reading.problems] == ['"update_every"', '"engine"']
    assert reading.bad_keys == {"update_every", "engine"}
    assert reading.config.instrument == "PG3"
    with pytest.raises(OperatorError) as caught:
        parse_config('{"update_every": 0, "engine": "x"}', CONF)
    assert len(caught.value.problems) == 2


def test_null_means_not_set() -> None:
    assert parse(PIXI_ENV=None, watchdog=None, update_every=None) == Config(path=CONF)


def test_objects_and_dotted_keys_are_the_same() -> None:
    nested = parse(limits={"process": 60, "publish": 5}, watchdog={"interval": 10})
    dotted = parse(**{"limits.process": 60, "limits.publish": 5, "watchdog.interval": 10})
    assert nested == dotted
    assert nested.limits_s == {**SILENCE_LIMITS_S, Phase.PROCESS: 60.0, Phase.PUBLISH: 5.0}
    assert nested.watchdog_interval_s == 10.0


@pytest.mark.parametrize("watchdog", [{"interval": 0}, {"interval": "soon"}, {"threshold": 19}, 5])
def test_a_wrong_watchdog_value_is_a_warning_and_the_default_is_used(watchdog: object) -> None:
    config = parse(watchdog=watchdog)
    assert (config.watchdog_interval_s, config.watchdog_threshold_s) == (60.0, 300.0)
    (warning,) = config.warnings
    assert "watchdog" in warning
    assert "expected" in warning
    assert warning.endswith("the default is used")


WRONG_EPICS: list[tuple[str, object]] = [
    ("epics.prefix", "BL11A.LR:"),
    ("epics.prefix", "11A:"),
    ("epics.prefix", "x" * 31),
    ("epics.interfaces", []),
    ("epics.interfaces", ["bl11a"]),
    ("epics.interfaces", ["10.1.2"]),
    ("epics.interfaces", ["::1"]),
    ("epics.interfaces", [167838211]),
    ("epics.interfaces", ["10.1.2.3", "255.255.255.255"]),
    ("epics.interfaces", ["224.0.0.1"]),
]


@pytest.mark.parametrize(("name", "value"), WRONG_EPICS)
def test_a_wrong_value_for_the_control_system_costs_the_pvs_and_not_the_reduction(name: str, value: object) -> None:
    config = parse(**{name: value})
    assert (config.epics_prefix, config.epics_interfaces) == (None, ("127.0.0.1",))
    (warning,) = config.warnings
    assert warning.startswith(f'{CONF}: "{name}": expected ')
    assert warning.endswith("; no PVs are served")
    assert parse(**{"epics.prefix": "BL11A:LR:", name: value}).epics_prefix is None, (
        "not on addresses that nobody named"
    )


SECRETS: list[dict[str, object]] = [
    {"heartbeat": {"brokers": ["a:1"], "credentials": {"username": "u", "password": "SECRET"}}},
    {"heartbeat": {"brokers": "u:SECRET@host:61613"}},
    {"heartbeat": "SECRET"},
    {"heartbeat": {"brokers": ["a:1"], "tls": "SECRET"}},
    {"notify": "https://host/SECRET"},
    {"notify": [{"on": "parked", "https://host/SECRET": 1}]},
]


@pytest.mark.parametrize("body", SECRETS)
def test_what_may_hold_a_secret_is_not_shown_and_a_heartbeat_with_a_mistake_is_off(body: dict[str, object]) -> None:
    config = parse(**body)
    assert config.warnings
    assert "SECRET" not in " ".join(config.warnings)
    assert config.heartbeat_brokers is None
    problems = problems_of(json.dumps(body)[:-1] + ' "x"}')
    assert "SECRET" not in " ".join(problems)


def test_what_other_processes_read_is_no_change_for_the_reduction() -> None:
    plain = parse(instrument="PG3")
    outlets = parse(instrument="PG3", notify=[], heartbeat={"brokers": "a:1"}, epics={"prefix": "A:", "interfaces": 5})
    assert outlets != plain
    assert for_reduction(outlets) == for_reduction(plain)
    assert for_reduction(parse(instrument="PG3", update_every=5)) != for_reduction(plain)


def test_limits_must_be_an_object() -> None:
    assert one_problem('{"limits": 5}') == '"limits": expected an object of keys and values, got 5'


@pytest.mark.parametrize(
    ("name", "near"),
    [("updte_every", "update_every"), ("conda_env", "CONDA_ENV"), ("limits.proces", "limits.process")],
)
def test_an_unknown_key_is_a_warning_with_the_nearest_known_name(name: str, near: str) -> None:
    (warning,) = parse(**{name: 1}).warnings
    assert warning == f'{CONF}: unknown key "{name}" is ignored; did you mean "{near}"?'


def test_an_unknown_key_like_no_other_gets_no_guess() -> None:
    (warning,) = parse(**{"\ud800zzz": 1}).warnings
    assert warning == f'{CONF}: unknown key "\\ud800zzz" is ignored'


@pytest.mark.parametrize(
    "text",
    [
        '{"update_every": 10, "update_every": 20}',
        '{"watchdog": {"interval": 1}, "watchdog": {}, "update_every": 20}',
        '{"limits.process": 1, "limits": {"process": 2}, "update_every": 20}',
    ],
)
def test_a_key_given_twice_is_a_warning_and_the_last_one_counts(text: str) -> None:
    config = parse_config(text, CONF)
    (warning,) = config.warnings
    assert warning.endswith("is given more than once (first on line 1); the last one counts")
    assert config.update_every_s == 20.0


def test_invalid_json_is_reported_with_line_and_column() -> None:
    assert one_problem('{\n  "instrument": "PG3",\n  update_every: 3\n}').startswith(
        "not valid JSON, line 3, column 3: "
    )


@pytest.mark.parametrize("text", ["[]", "3", '"PG3"', "null"])
def test_the_top_level_must_be_an_object(text: str) -> None:
    assert one_problem(text) == f"expected a JSON object of keys and values, got {text}"


@pytest.mark.parametrize("text", ["[" * 100_000, '{"update_every": ' + "9" * 5000 + "}"])
def test_monstrous_json_is_refused(text: str) -> None:
    assert one_problem(text).startswith("not a configuration: ")


@pytest.mark.parametrize(
    ("bins", "count"),
    [((0, 1e6 / 60 / 100, 1e6 / 60), 100), ((0, 3, 10), 4), ((1, -1, 8), 3), ((100, -0.01, 200), 70)],
)
def test_bins_are_counted(bins: tuple[float, float, float], count: int) -> None:
    assert count_bins(bins) == count


def test_a_named_file_is_read_with_or_without_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "livereduce.conf"
    for mark in (b"", b"\xef\xbb\xbf"):
        path.write_bytes(mark + b'{"instrument": "NOM"}\n')
        assert load_config(path) == Config(path=path, instrument="NOM", given=("instrument",))


def file_problem(path: Path) -> str:
    with pytest.raises(OperatorError) as caught:
        load_config(path)
    (problem,) = caught.value.problems
    assert problem.startswith(f"{path}: ")
    return problem.removeprefix(f"{path}: ")


def test_a_named_file_that_is_absent_is_an_error(tmp_path: Path) -> None:
    assert file_problem(tmp_path / "nowhere.conf").startswith("no such file")


def test_an_empty_named_file_means_the_defaults_with_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "empty.conf"
    path.write_text(" \n")
    config = load_config(path)
    assert config == Config(path=path, warnings=(f"{path}: the file is empty; using the defaults",))


def test_the_default_file_may_be_absent_or_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "default.conf"
    monkeypatch.setattr(config_module, "DEFAULT_PATH", path)
    assert load_config(None) == Config(path=path)
    path.write_text("")
    assert load_config(None) == Config(path=path)
    path.write_text('{"update_every": 5}')
    assert load_config(None).update_every_s == 5.0
    path.write_text("{")
    with pytest.raises(OperatorError, match="not valid JSON"):
        load_config(None)


def test_a_directory_is_not_a_configuration(tmp_path: Path) -> None:
    assert file_problem(tmp_path) == "is a directory, expected a file"


def test_a_path_below_a_file_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert file_problem(tmp_path / "file" / "conf") == "cannot be read: Not a directory"


def test_an_unreadable_file_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.conf"
    path.write_text("{}")

    def refuse(path: Path, most_bytes: int) -> bytes:  # root may read anything, so that a mode of 0 proves nothing
        raise PermissionError(13, f"Permission denied to read {most_bytes}", str(path))

    monkeypatch.setattr(config_module, "read_regular", refuse)
    assert file_problem(path) == "no permission to read it"


def test_a_file_that_is_not_utf8_says_where(tmp_path: Path) -> None:
    path = tmp_path / "latin.conf"
    path.write_bytes(b'{"script_dir": "/caf\xe9"}')
    assert file_problem(path) == "not UTF-8 text (byte 0xe9 at offset 20)"


def test_devices_and_huge_files_are_refused(tmp_path: Path) -> None:
    assert file_problem(Path("/dev/zero")) == "cannot be read: not a regular file"
    path = tmp_path / "huge.conf"
    path.write_bytes(b" " * (config_module.MAX_BYTES + 1))
    assert file_problem(path).startswith("cannot be read: too long (1048577 bytes, at most 1 MiB)")


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)),
    max_leaves=10,
)
names = st.one_of(st.sampled_from([key.name for key in KEYS] + ["watchdog", "limits"]), st.text(max_size=12))


def check_reading(text: str) -> None:
    reading = read_text(text, CONF)
    for line in (*reading.problems, *reading.config.warnings):
        assert line.startswith(f"{CONF}: ")
        line.encode()  # goes to logs and terminals
    if reading.problems:
        with pytest.raises(OperatorError):
            parse_config(text, CONF)
    else:
        config = parse_config(text, CONF)
        assert config.update_every_s > 0
        assert 0 <= config.system_mem_limit_perc <= 100
        assert config.watchdog_threshold_s >= 20
        assert set(config.limits_s) == set(SILENCE_LIMITS_S)
        assert all(limit > 0 for limit in config.limits_s.values())


@given(st.dictionaries(names, json_values, max_size=6))
def test_any_object_gives_a_configuration_or_an_operator_error(body: dict[str, object]) -> None:
    check_reading(json.dumps(body))


@given(json_values)
def test_any_json_gives_a_configuration_or_an_operator_error(value: object) -> None:
    check_reading(json.dumps(value))


@given(st.text())
def test_any_text_gives_a_configuration_or_an_operator_error(text: str) -> None:
    check_reading(text)
