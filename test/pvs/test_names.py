"""Names of PVs: what EPICS allows, what is refused, and that no two names of ours share one."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livereduce.base.pv_names import LONGEST_PREFIX, LONGEST_PV, is_prefix
from livereduce.pvs.names import ERROR, METRIC, TOTAL, pv_names

PREFIX = "BL11A:LR:"


def test_a_dot_becomes_an_underscore_and_so_does_whatever_epics_does_not_allow() -> None:
    found = pv_names(PREFIX, METRIC, ["peak.height", "R-factor", "chi2"])
    assert found.of == {
        "peak.height": "BL11A:LR:Metric:peak_height",
        "R-factor": "BL11A:LR:Metric:R-factor",
        "chi2": "BL11A:LR:Metric:chi2",
    }
    assert found.refused == ()
    assert pv_names(PREFIX, TOTAL, ["d-spacing [Å] (1)", "a:Error"]).of == {
        "d-spacing [Å] (1)": "BL11A:LR:Total:d-spacing_[_]__1_",
        "a:Error": "BL11A:LR:Total:a_Error",
    }


def test_names_that_become_the_same_are_refused_all_of_them() -> None:
    found = pv_names(PREFIX, METRIC, ["a_b", "a.b", "c"])
    assert found.of == {"c": "BL11A:LR:Metric:c"}
    assert found.refused == (
        (
            "metric 'a.b' and 'a_b': all of them would be BL11A:LR:Metric:a_b, "
            "so none is served; rename all but one, and the next run has it"
        ),
    )


def test_the_longest_name_has_room_for_its_error() -> None:
    room = LONGEST_PV - len(f"{PREFIX}{TOTAL}{ERROR}")
    assert pv_names(PREFIX, TOTAL, ["x" * room]).of
    found = pv_names(PREFIX, TOTAL, ["x" * (room + 3)])
    assert found.of == {}
    assert "is longer than the 60 characters of EPICS; shorten the name by 3" in found.refused[0]


@given(st.lists(st.text(max_size=70), max_size=20))
def test_whatever_the_names_are_each_pv_has_one_owner_and_is_allowed(names: list[str]) -> None:
    found = pv_names(PREFIX, METRIC, names)
    served = [name for pv in found.of.values() for name in (pv, f"{pv}{ERROR}")]
    assert len(served) == len(set(served))
    assert all(re.fullmatch(r"[A-Za-z0-9_:<>;\[\]-]{1,60}", name) for name in served)
    assert found == pv_names(PREFIX, METRIC, reversed(names)), "the order does not matter"


@pytest.mark.parametrize("prefix", ["B", "BL11A:LR:", "x" * LONGEST_PREFIX, "CG2-x_[1]:"])
def test_prefixes(prefix: str) -> None:
    assert is_prefix(prefix)


@pytest.mark.parametrize(
    "prefix", ["", "11A:", "BL 11A:", "BL.x:", "BL11A:é:", "$(P)", "x" * (LONGEST_PREFIX + 1), "A\n"]
)
def test_what_is_no_prefix(prefix: str) -> None:
    assert not is_prefix(prefix)
