"""Algorithms that divide by what was measured beside."""

from dataclasses import replace

import numpy as np

from livereduce.engine.mantid_api.algorithms.spectra.summing import integration, sum_spectra
from livereduce.engine.mantid_api.calling.registry import implements
from livereduce.engine.matrix.arithmetic.operation import combined
from livereduce.engine.matrix.arithmetic.rules import Operation
from livereduce.engine.matrix.events.event_changes import scaled
from livereduce.engine.matrix.matrix import Matrix, single_value
from livereduce.engine.workspaces.runlogs import RunLogs

PER_CHARGE = "Counts per microAmp.hour"


@implements("NormaliseByCurrent")
def normalise_by_current(*, input_workspace: Matrix, recalculate_p_charge: bool) -> Matrix:
    """Values and errors ÷ the proton charge in µAh, which has no uncertainty."""
    logs = input_workspace.logs.copy()
    charge = charge_uah(logs, is_summed_again=recalculate_p_charge)
    logs.set_plain("NormalizationFactor", charge)
    factor = 1.0 / charge
    if input_workspace.events is not None:
        content = scaled(input_workspace.events, factor)
        return replace(input_workspace, content=content, logs=logs, y_label=PER_CHARGE)
    histograms = input_workspace.histograms
    content_of_bins = histograms.with_values(histograms.y * factor, histograms.e * factor)
    return replace(input_workspace, content=content_of_bins, logs=logs, y_label=PER_CHARGE)


def charge_uah(logs: RunLogs, *, is_summed_again: bool = False) -> float:
    """The proton charge of a run, or of its current period, in µAh.

    Raises
    ------
    ValueError
        It is 0, or a log that gives it is missing.
    """
    periods = int(logs["nperiods"].lastValue()) if "nperiods" in logs else 1
    if periods > 1:
        charge = _of_period(logs)
    else:
        if is_summed_again:
            logs.integrateProtonCharge()
        charge = logs.getProtonCharge()
    if charge == 0 or not np.isfinite(charge):
        raise ValueError(f"the proton charge is {charge:g} µAh: nothing can be divided by it")
    return float(charge)


def _of_period(logs: RunLogs) -> float:
    for name in ("current_period", "proton_charge_by_period"):
        if name not in logs:
            raise ValueError(f"the run has more than one period, and no log {name!r} to know the charge of this one")
    charges = logs["proton_charge_by_period"].value
    if isinstance(charges, str):
        charges = [float(one) for one in charges.split(",")]
    return float(np.atleast_1d(charges)[int(logs["current_period"].lastValue()) - 1])


@implements("NormaliseToUnity")
def normalise_to_unity(
    *,
    input_workspace: Matrix,
    range_lower: float | None,
    range_upper: float | None,
    start_workspace_index: int | None,
    end_workspace_index: int | None,
    include_partial_bins: bool,
) -> Matrix:
    """Values ÷ their sum over the bins between the limits and over the chosen spectra."""
    in_bins = integration(
        input_workspace=input_workspace,
        range_lower=range_lower,
        range_upper=range_upper,
        start_workspace_index=start_workspace_index,
        end_workspace_index=end_workspace_index,
        include_partial_bins=include_partial_bins,
        range_lower_list=(),
        range_upper_list=(),
    )
    total = sum_spectra(
        input_workspace=in_bins,
        start_workspace_index=0,
        end_workspace_index=None,
        list_of_workspace_indices=(),
        include_monitors=True,
        weighted_sum=False,
        multiply_by_spectra=True,
        remove_special_values=False,
    ).histograms
    return combined(Operation.DIVIDE, input_workspace, single_value(float(total.y[0]), float(total.e[0])))
