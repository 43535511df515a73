import pytest
from hypothesis import given
from hypothesis import strategies as st

from livereduce.base.names import closest, did_you_mean, missing

LOGS = ["Theta", "Omega", "BL11A:SE:SampleTemp", "proton_charge", "run_title", *(f"Aux{k}" for k in range(300))]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("theta", "Theta"),
        ("THETA", "Theta"),
        ("tehta", "Theta"),
        ("sampletemp", "BL11A:SE:SampleTemp"),
        ("SampleTmp", "BL11A:SE:SampleTemp"),
        ("ProtonCharge", "proton_charge"),
        ("proton-charge", "proton_charge"),
        ("xyzzy", None),
        ("", None),
        (7, None),
    ],
)
def test_the_name_that_was_meant(name: object, meant: str | None) -> None:
    assert closest(name, LOGS)[:1] == ([meant] if meant else [])


def test_what_was_meant_comes_before_all_that_there_is_and_all_is_bounded() -> None:
    text = missing("log", "theta", LOGS)
    assert text.startswith("no log named 'theta'; did you mean 'Theta'? (existing logs: Theta, Omega, ")
    assert text.endswith(" and 293 more)")
    assert len(missing("log", "x" * 10_000, ["y" * 10_000] * 50)) < 300
    assert missing("workspace", "a", []) == "no workspace named 'a' (there are no workspaces)"
    assert missing("log", "b", ["c"]) == "no log named 'b' (existing logs: c)"


@given(st.text(max_size=20) | st.integers(), st.lists(st.text(max_size=20), max_size=20))
def test_any_names_can_be_compared(name: object, known: list[str]) -> None:
    assert set(closest(name, known)) <= set(known) - {name}
    did_you_mean(name, known)
