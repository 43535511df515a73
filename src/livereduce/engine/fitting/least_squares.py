"""The fit of a function to values with errors.

Source: Mantid docs/source/algorithms/Fit-v1.rst; Framework/CurveFitting/src/FitMW.cpp (the range and the weights).
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from livereduce.engine.fitting.functions import FitFunction
from livereduce.stream.items import F8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fitted:
    """The result of a fit.

    Attributes
    ----------
    values, errors
        Of the parameters, shape (p,); the error of one that is held is 0.
    covariance
        Shape (p, p), 0 for parameters that are held.
    chi_square
        Σ ((y - f) / e)² over the number of points less that of free parameters.
    status
        ``success``, or why the fit has ended.
    """

    values: F8
    errors: F8
    covariance: F8
    chi_square: float
    status: str


def fitted(function: FitFunction, x: F8, y: F8, e: F8, most_steps: int) -> Fitted:
    """Fit the parameters that are not held; a point without an error has the weight 1.

    Raises
    ------
    ValueError
        There are fewer points than free parameters, or the function has no value for the first ones.
    """
    free = ~np.array(function.fixed, np.bool_)
    start = np.array(function.values, np.float64)
    weight = np.where(e > 0, 1 / np.where(e > 0, e, 1.0), 1.0)
    if len(x) < free.sum():
        raise ValueError(f"there are {len(x)} points for {free.sum()} parameters")

    def whole(some: F8) -> F8:
        every = start.copy()
        every[free] = some
        return every

    def residuals(some: F8) -> F8:
        with np.errstate(all="ignore"):
            return (function.at(x, whole(some)) - y) * weight

    if not np.isfinite(residuals(start[free])).all():
        raise ValueError("the function has no value for these parameters: a width is 0?")
    steps = most_steps * (int(free.sum()) + 1)
    found = least_squares(residuals, start[free], method="lm", x_scale="jac", max_nfev=steps)
    freedom = len(x) - int(free.sum())
    covariance = np.zeros((len(start), len(start)))
    covariance[np.ix_(free, free)] = np.linalg.pinv(found.jac.T @ found.jac)
    return Fitted(
        values=whole(found.x),
        errors=np.sqrt(np.diag(covariance)),
        covariance=covariance,
        chi_square=float(2 * found.cost / freedom) if freedom > 0 else 0.0,
        status="success" if found.success else "Failed to converge after the greatest number of iterations",
    )
