"""Bin edges of Params: Mantid's rule for the last bin, and refusals instead of endless loops."""

import numpy as np
import pytest

from livereduce.engine.matrix.bins.edges import EdgeRules, edges_of


def test_a_last_bin_of_less_than_a_quarter_joins_the_one_before() -> None:
    assert edges_of((0, 1, 3.2)).tolist() == [0, 1, 2, 3.2]
    assert edges_of((0, 1, 3.3)).tolist() == [0, 1, 2, 3, 3.3]


def test_logarithmic_bins_grow_by_a_ratio() -> None:
    np.testing.assert_allclose(edges_of((1, -1, 8)), [1, 2, 4, 8])


@pytest.mark.parametrize(
    ("params", "rules"),
    [
        ((1e16, 0.5, 1e16 + 10), EdgeRules()),
        ((1.0, -1e-17, 1 + 2e-16), EdgeRules()),
        ((1e-10, -0.01, 1e10), EdgeRules(reverse_logarithmic=True)),
    ],
)
def test_a_step_that_the_edges_do_not_feel_is_refused(params: tuple[float, ...], rules: EdgeRules) -> None:
    with pytest.raises(ValueError, match="too small"):
        edges_of(params, rules)
