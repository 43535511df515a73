from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livereduce.base.errors import OperatorError
from livereduce.config import instrument as instrument_module
from livereduce.config.instrument import (
    Instrument,
    identify,
    known_instruments,
    lookup,
    parse_properties,
    read_properties,
)
from livereduce.config.keys import KEYS


def test_the_table_has_the_four_facilities() -> None:
    assert {known.facility for known in known_instruments()} == {"SNS", "HFIR", "ISIS", "TEST_LIVE"}


def test_the_table_is_sound() -> None:
    (instrument_key,) = [key for key in KEYS if key.name == "instrument"]
    names = [known.name.lower() for known in known_instruments()]
    assert len(set(names)) == len(names)
    schemes = {known.address.partition("://")[0] for known in known_instruments()}
    assert schemes == {"", "adara", "isis-histogram", "isis-event", "kafka"}
    for known in known_instruments():
        assert instrument_key.parse(known.name) == known.name
        assert instrument_key.parse(known.short_name) == known.short_name
        assert known.address == "" or known.address.rpartition(":")[2].isdigit()


POWGEN = Instrument(
    name="POWGEN",
    short_name="PG3",
    facility="SNS",
    beamline="11A",
    address="adara://bl11a-daq1.sns.gov:31415",
)


@pytest.mark.parametrize("name", ["POWGEN", "powgen", "PG3", "pg3"])
def test_an_instrument_is_found_by_either_name_in_any_case(name: str) -> None:
    assert lookup(name) == POWGEN


@pytest.mark.parametrize(
    ("name", "facility", "address"),
    [
        ("REF_M", "SNS", "adara://bl4a-daq1.sns.gov:31415"),
        ("EQSANS", "SNS", "adara://bl6-daq1.sns.gov:31415"),
        ("BSS", "SNS", ""),
        ("WAND", "HFIR", "adara://hb2c-daq1.ornl.gov:31415"),
        ("BIOSANS", "HFIR", "adara://cg3-daq1.ornl.gov:31415"),
        ("ENGINX", "ISIS", "isis-histogram://NDXENGINX:6789"),
        ("ENGIN-X_EVENT", "ISIS", "isis-event://NDXENGINX:10000"),
        ("isis_event", "TEST_LIVE", "isis-event://127.0.0.1:59876"),
    ],
)
def test_facts_of_the_table(name: str, facility: str, address: str) -> None:
    found = lookup(name)
    assert found is not None
    assert (found.facility, found.address) == (facility, address)


def test_a_name_comes_before_a_short_name_and_the_facility_before_both(monkeypatch: pytest.MonkeyPatch) -> None:
    table = (
        Instrument(name="A", short_name="X", facility="one"),
        Instrument(name="X", short_name="Y", facility="one"),
        Instrument(name="X", short_name="Z", facility="two"),
    )
    monkeypatch.setattr(instrument_module, "known_instruments", lambda: table)
    assert lookup("x") == table[1]
    assert lookup("x", "two") == table[2]


def test_nobody_knows_it() -> None:
    assert lookup("NOPE") is None


def test_the_configured_instrument_wins() -> None:
    answer = Instrument(name="NOMAD", short_name="NOM")
    assert identify("PG3", answer, ["default.instrument = REF_M"]) == POWGEN


def test_the_answer_of_mantid_wins_over_the_properties() -> None:
    answer = Instrument(name="NEWONE", short_name="NEW", facility="SNS")
    assert identify(None, answer, ["default.instrument = REF_M"]) == answer


def test_what_the_table_does_not_know_mantid_may() -> None:
    answer = Instrument(name="NEWONE", short_name="NEW", facility="SNS")
    assert identify("newone", answer, []) == answer


def test_the_users_properties_win_over_the_systems_key_by_key() -> None:
    assert identify(None, None, ["default.instrument = POWGEN", "default.instrument = REF_M"]) == POWGEN
    assert identify(None, None, ["# default.instrument = REF_M\ndefault.instrument =\n", "default.instrument=PG3"]) == (
        POWGEN
    )


def test_an_unknown_instrument_is_an_error_that_names_near_ones() -> None:
    with pytest.raises(OperatorError) as caught:
        identify("POWGENN", None, [])
    (problem,) = caught.value.problems
    assert problem.startswith('unknown instrument "POWGENN"; did you mean POWGEN')
    with pytest.raises(OperatorError, match=r'^unknown instrument "qqqqqq" \('):
        identify("qqqqqq", None, [])


def test_an_unknown_instrument_may_be_allowed() -> None:
    assert identify("MINE", None, [], unknown_ok=True) == Instrument(name="MINE", short_name="MINE")


def test_a_name_that_would_leave_the_directory_is_no_instrument() -> None:
    with pytest.raises(OperatorError, match="unknown instrument"):
        identify(None, None, ["default.instrument = ../../etc"], unknown_ok=True)


def test_no_instrument_anywhere_names_the_three_places() -> None:
    with pytest.raises(OperatorError) as caught:
        identify(None, None, ["", "default.facility = SNS"])
    (problem,) = caught.value.problems
    assert '"instrument" in the configuration' in problem
    assert "~/.mantid/Mantid.user.properties" in problem
    assert "/etc/mantid.local.properties" in problem
    assert "only default.facility = SNS" in problem


def test_properties_files() -> None:
    text = "# comment\r\n! another = 1\n\ndefault.facility=SNS\n  default.instrument =  POWGEN \n"
    text += "empty =\nnonsense\n= x\na=b=c\n"
    assert parse_properties(text) == {"default.facility": "SNS", "default.instrument": "POWGEN", "a": "b=c"}


@given(st.text())
def test_any_properties_text_is_read(text: str) -> None:
    assert all(name and value for name, value in parse_properties(text).items())


def test_properties_are_read_from_both_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system = tmp_path / "mantid.local.properties"
    monkeypatch.setattr(instrument_module, "SYSTEM_PROPERTIES", system)
    assert read_properties(tmp_path) == ("", "")
    (tmp_path / ".mantid").mkdir()
    (tmp_path / ".mantid" / "Mantid.user.properties").write_bytes(b"# caf\xe9\ndefault.instrument=NOM\n")
    system.write_text("default.instrument=PG3\n")
    user_text, system_text = read_properties(tmp_path)
    assert parse_properties(user_text) == {"default.instrument": "NOM"}
    assert parse_properties(system_text) == {"default.instrument": "PG3"}
