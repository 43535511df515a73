from dataclasses import replace

import numpy as np
import pytest

from livereduce.publish.product import Axis, Product
from livereduce.workbench.reproduce.compare import differences

X = Axis(name="d", values=np.array([1.0, 2.0, 3.0]), units="Å")
PRODUCT = Product(
    pipeline="live",
    run=7,
    name="result",
    signal=np.array([1.0, np.nan, 3.0]),
    axes=(X,),
    errors=np.array([1.0, 0.0, 2.0]),
    attributes={"events": 5, "proton_charge_pc": 2.0, "written": "then"},
)


def test_the_same_bits_are_no_difference() -> None:
    other = replace(PRODUCT, signal=PRODUCT.signal.copy(), attributes={"events": 5, "written": "now"})
    assert differences(PRODUCT, other) == ()


DIFFERENT = {
    "a value": (
        {"signal": np.array([1.5, np.nan, 2.0])},
        "2 of 3 values differ, most at d 3 Å: 3, recomputed 2 (counts)",
    ),
    "a value that is none": (
        {"signal": np.array([1.0, 2.0, 3.0])},
        "1 of 3 values differ, most at d 2 Å: nan, recomputed 2 (counts)",
    ),
    "a sign": ({"errors": np.array([1.0, -0.0, 2.0])}, "1 of 3 errors differ, most at d 1 Å: 1, recomputed 1 (counts)"),
    "no errors": ({"errors": None}, "it has errors, recomputed none"),
    "a shape": ({"signal": np.zeros(2)}, "it has shape (3,), recomputed (2,)"),
    "an axis": ({"axes": (replace(X, values=X.values + 1),)}, "axis d has other values when recomputed"),
    "a name": ({"axes": (replace(X, name="q"),)}, "axis d (Å) is q (Å) when recomputed"),
    "edges": ({"axes": (replace(X, values=np.arange(4.0)),)}, "axis d has 3 values, recomputed 4"),
    "units": ({"units": "K"}, "units are 'counts', recomputed 'K'"),
    "events": ({"attributes": {"events": 6}}, "events is 5, recomputed 6"),
}


@pytest.mark.parametrize(("change", "said"), DIFFERENT.values(), ids=DIFFERENT)
def test_what_differs_is_named(change: dict[str, object], said: str) -> None:
    assert differences(PRODUCT, replace(PRODUCT, **change)) == (said,)  # type: ignore[arg-type]


def test_a_single_number_has_no_place() -> None:
    one = replace(PRODUCT, signal=np.array(1.0), axes=(), errors=None)
    assert differences(one, replace(one, signal=np.array(2.0))) == (
        "1 of 1 values differ, most: 1, recomputed 2 (counts)",
    )
