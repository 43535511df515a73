"""Plus, Minus, Divide, NormaliseByCurrent, ReplaceSpecialValues, AppendSpectra."""

from dataclasses import replace

import numpy as np

from mantid._algorithms.base import OneToOne, in_out, matrix
from mantid._live.accumulate import append, pairs, plus
from mantid.api.algorithm import Algorithm
from mantid.api.events import EventWorkspace
from mantid.api.factory import subscribe
from mantid.api.properties import OUT, Property
from mantid.api.workspaces import MatrixWorkspace, Workspace, Workspace2D, WorkspaceGroup


class _TwoToOne(Algorithm):
    """Left and right to one output."""

    def declare(self) -> list[Property]:
        return [
            Property("LHSWorkspace", "workspace", mandatory=True),
            Property("RHSWorkspace", "workspace", mandatory=True),
            Property("OutputWorkspace", "workspace", direction=OUT, mandatory=True),
        ]

    def compute(self, left: MatrixWorkspace, right: MatrixWorkspace) -> Workspace:
        raise NotImplementedError

    def exec(self) -> None:
        two = pairs(self.getProperty("LHSWorkspace").value, self.getProperty("RHSWorkspace").value)
        made = [self.compute(left, right) for left, right in two]
        is_group = isinstance(self.getProperty("LHSWorkspace").value, WorkspaceGroup)
        self.getProperty("OutputWorkspace").held = WorkspaceGroup(made) if is_group else made[0]


@subscribe
class Plus(_TwoToOne):
    """Adds two workspaces; in place where the output has the left one's name."""

    def compute(self, left: MatrixWorkspace, right: MatrixWorkspace) -> Workspace:
        target = left if self.getPropertyValue("OutputWorkspace") == left.name() else left.clone()
        plus(target, right)
        return target


@subscribe
class Minus(_TwoToOne):
    """Histograms; errors in quadrature."""

    def compute(self, left: MatrixWorkspace, right: MatrixWorkspace) -> Workspace:
        y = left.extractY() - right.extractY()
        return Workspace2D(left.extractX(), y, np.hypot(left.extractE(), right.extractE())).take_over(left)


@subscribe
class Divide(_TwoToOne):
    """Histograms; relative errors in quadrature."""

    def compute(self, left: MatrixWorkspace, right: MatrixWorkspace) -> Workspace:
        a, b, da, db = left.extractY(), right.extractY(), left.extractE(), right.extractE()
        with np.errstate(divide="ignore", invalid="ignore"):
            made = Workspace2D(left.extractX(), a / b, np.hypot(da / b, a * db / b**2)).take_over(left)
        if left._y_unit == right._y_unit:
            made._y_unit, made._y_label, made._distribution = "", "", True
        return made


@subscribe
class NormaliseByCurrent(OneToOne):
    """Divided by the proton charge of the run."""

    def declare(self) -> list[Property]:
        return [*in_out(), Property("RecalculatePCharge", "bool", False)]

    def compute(self, workspace: Workspace) -> Workspace:
        given = matrix(workspace, self)
        charge = given.run()._summed_charge() if self._sums_again() else given.run().getProtonCharge()
        if charge <= 0:
            raise RuntimeError(f"NormaliseByCurrent: the proton charge is {charge}")
        made = _per_charge(given, charge)
        made._y_label = "Counts per microAmp.hour"
        return made

    def _sums_again(self) -> bool:
        return bool(self.getProperty("RecalculatePCharge").value)


def _per_charge(given: MatrixWorkspace, charge: float) -> MatrixWorkspace:
    if isinstance(given, EventWorkspace):
        old = given.events
        return given.with_events(replace(old, weight=old.weight / charge, variance=old.variance / charge**2))
    return Workspace2D(given.extractX(), given.extractY() / charge, given.extractE() / charge).take_over(given)


@subscribe
class ReplaceSpecialValues(OneToOne):
    """Values and errors that are not numbers, infinite, or too large, replaced; the error is 0 then."""

    def declare(self) -> list[Property]:
        numbers = ("NaNValue", "InfinityValue", "BigNumberThreshold", "BigNumberValue")
        return [*in_out(), *(Property(name, "float") for name in numbers)]

    def compute(self, workspace: Workspace) -> Workspace:
        given = matrix(workspace, self)
        y, e = given.extractY(), given.extractE()
        most = self.getProperty("BigNumberThreshold").value
        kinds = {"NaNValue": np.isnan(y), "InfinityValue": np.isinf(y), "BigNumberValue": np.abs(y) > most}
        for name, which in kinds.items():
            y[which], e[which] = self.getProperty(name).value, 0.0
        return Workspace2D(given.extractX(), y, e).take_over(given)


@subscribe
class AppendSpectra(Algorithm):
    """Spectra behind spectra."""

    def declare(self) -> list[Property]:
        return [
            Property("InputWorkspace1", "workspace", mandatory=True),
            Property("InputWorkspace2", "workspace", mandatory=True),
            Property("OutputWorkspace", "workspace", direction=OUT, mandatory=True),
            Property("ValidateInputs", "bool", True),
            Property("MergeLogs", "bool", False),
        ]

    def exec(self) -> None:
        first, second = self.getProperty("InputWorkspace1").value, self.getProperty("InputWorkspace2").value
        self.getProperty("OutputWorkspace").held = append(first, second)
