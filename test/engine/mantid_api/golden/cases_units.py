"""ConvertUnits."""

from typing import Any

import numpy as np

ERRORS = (ValueError, RuntimeError)


def _placed(api: Any, edges: Any, more: dict[str, Any] | None = None, spectra: int = 1) -> Any:
    """Spectra of a detector 2 m from the sample at 90°, and 15 m from the source to it."""
    edges = np.asarray(edges, float)
    y = np.tile(np.arange(1.0, len(edges)), spectra)
    ws = api.CreateWorkspace(
        DataX=edges, DataY=y, DataE=np.sqrt(y), NSpec=spectra, UnitX="TOF", OutputWorkspace="placed", **(more or {})
    )
    ids = list(range(1, spectra + 1))
    l2, polar = [2.0 + 0.5 * place for place in range(spectra)], [90.0] * spectra
    api.EditInstrumentGeometry(
        Workspace=ws, PrimaryFlightPath=15, SpectrumIDs=ids, L2=l2, Polar=polar, Azimuthal=[0.0] * spectra
    )
    return api.mtd["placed"]


def case_convert_units_elastic(api: Any, expect: Any) -> None:
    """ConvertUnits: elastic. Source: own arithmetic from Mantid Unit.cpp, with its constants; tolerance 1e-6."""
    ws = _placed(api, [5000, 10000, 20000])
    for unit, value in (
        ("Wavelength", 2.3270788115),
        ("dSpacing", 1.6454932080),
        ("MomentumTransfer", 3.8184206879),
        ("QSquared", 3.8184206879**2),
        ("Momentum", 2.7000311618),
        ("Energy", 15.1061374295),
        ("Energy_inWavenumber", 15.1061374295 * 8.06554465),
    ):
        made = api.ConvertUnits(ws, Target=unit)
        expect(f"X in {unit}", made.readX(0)[1], value, 1e-6)
        is_reversed = unit not in ("Wavelength", "dSpacing")
        expect(f"Y in {unit}", made.readY(0), [2, 1] if is_reversed else [1, 2])
        expect("unit", made.getAxis(0).getUnit().unitID(), unit)
        back = api.ConvertUnits(made, Target="TOF")
        expect(f"back from {unit}", back.readX(0), [5000, 10000, 20000], 1e-9)
        expect(f"Y back from {unit}", back.readY(0), [1, 2])


def case_convert_units_direct(api: Any, expect: Any) -> None:
    """ConvertUnits: energy transfer, direct. Source: own arithmetic from Mantid Unit.cpp; tolerance 1e-6."""
    ws = _placed(api, [5000, 7758.8143695, 8000, 9000])
    made = api.ConvertUnits(ws, Target="DeltaE", EMode="Direct", EFixed=25)
    expect("X without what cannot be reached", len(made.readX(0)), 3)
    expect("X", made.readX(0)[0], -0.8125292486, 1e-6)
    expect("Y", made.readY(0), [2, 3])
    expect("Ei", float(made.run().getProperty("Ei").value), 25.0)
    expect.raises("no energy", ERRORS, lambda: api.ConvertUnits(ws, "DeltaE", "Direct", OutputWorkspace="made"))


def case_convert_units_indirect(api: Any, expect: Any) -> None:
    """ConvertUnits: energy transfer, indirect. Source: own arithmetic from Mantid Unit.cpp; tolerance 1e-6."""
    ws = _placed(api, [2000, 10000, 11345.6650214, 12000])
    made = api.ConvertUnits(ws, Target="DeltaE", EMode="Indirect", EFixed=3.8)
    expect("X", made.readX(0)[1], 10.7195477023, 1e-6)
    expect("Y", made.readY(0), [3, 2])


def case_convert_units_points(api: Any, expect: Any) -> None:
    """ConvertUnits: points by way of bins. Source: Mantid ConvertUnits-v1.rst (ConvertFromPointData)."""
    edges = np.array([4000.0, 5000, 6000])
    ws = _placed(api, edges)
    points = api.ConvertToPointData(ws)
    made = api.ConvertUnits(points, Target="Wavelength")
    expect("X", made.readX(0), 2.3270788115e-4 * np.array([4500, 5500]), 1e-6)


def case_convert_units_distribution(api: Any, expect: Any) -> None:
    """ConvertUnits: a distribution is divided by its new widths. Source: Mantid ConvertUnits.cpp."""
    ws = _placed(api, [4000.0, 5000, 7000])
    api.ConvertToDistribution(ws)
    ws.setYUnit("Counts")
    made = api.ConvertUnits(ws, Target="Wavelength")
    expect("Y", made.readY(0), np.array([1 / 1000, 2 / 2000]) / 2.3270788115e-4, 1e-6)


def case_convert_units_align(api: Any, expect: Any) -> None:
    """ConvertUnits: AlignBins makes common bins over the whole range. Source: Mantid ConvertUnits.cpp (alignBins)."""
    ws = _placed(api, [5000.0, 10000, 20000], spectra=2)
    made = api.ConvertUnits(ws, Target="Wavelength", AlignBins=True)
    per_m = 3.9560339795566e-3
    low, high = 5000 * per_m / 17.5, 20000 * per_m / 17
    expect("X", made.readX(0), [low, (low + high) / 2, high], 1e-6)
    expect("X of 1", made.readX(1), made.readX(0))
    expect("counts", made.extractY().sum(), 6, 1e-12)


def case_convert_units_events(api: Any, expect: Any) -> None:
    """ConvertUnits: events and edges are converted. Source: Mantid ConvertUnits-v1.rst."""
    ws = _placed(api, [5000.0, 10000, 20000])
    events = api.ConvertToEventWorkspace(ws)
    made = api.ConvertUnits(events, Target="dSpacing")
    expect("kind", made.id(), "EventWorkspace")
    expect("events", made.getNumberEvents(), 2)
    expect("X", made.readX(0)[1], 1.6454932080, 1e-6)
    expect("Y", made.readY(0), [1, 2])
    falling = api.ConvertUnits(events, Target="Energy")
    expect("Y in Energy", falling.readY(0), [2, 1])


def case_convert_units_same(api: Any, expect: Any) -> None:
    """ConvertUnits: to the unit that is there, a copy. Source: Mantid ConvertUnits.cpp."""
    ws = _placed(api, [5000.0, 10000, 20000])
    made = api.ConvertUnits(ws, Target="TOF")
    expect("X", made.readX(0), [5000, 10000, 20000])
    expect("name", made.name(), "made")
    plain = api.CreateWorkspace(DataX=[0.0, 1], DataY=[1.0])
    expect.raises("no unit", ERRORS, lambda: api.ConvertUnits(plain, "dSpacing", OutputWorkspace="made"))


def case_scale_x(api: Any, expect: Any) -> None:
    """ScaleX: X times a factor, or with a number added. Source: Mantid ScaleX.cpp."""
    ws = api.CreateWorkspace(DataX=[1.0, 2, 4], DataY=[1.0, 2], DataE=[1.0, 2])
    made = api.ScaleX(ws, 2)
    expect("X", made.readX(0), [2, 4, 8])
    made = api.ScaleX(ws, Factor=3, Operation="Add")
    expect("X with 3 added", made.readX(0), [4, 5, 7])
    made = api.ScaleX(ws, -1)
    expect("X with a negative factor", made.readX(0), [-4, -2, -1])
    expect("Y with a negative factor", made.readY(0), [2, 1])


def case_convert_units_no_detector(api: Any, expect: Any) -> None:
    """ConvertUnits: spectra without a detector keep X, are 0 and masked. Source: Mantid ConvertUnitsTest.h."""
    sample = api.CreateSampleWorkspace("Histogram", "Flat background", NumBanks=1, BankPixelWidth=1)
    plain = api.CloneWorkspace(sample)
    plain.getSpectrum(0).clearDetectorIDs()
    plain.getSpectrum(0).setSpectrumNo(2)
    api.ConjoinWorkspaces(InputWorkspace1=sample, InputWorkspace2=plain, CheckOverlapping=False)
    made = api.ConvertUnits(api.mtd["sample"], Target="Wavelength", OutputWorkspace="made")
    expect("Y", made.extractY()[:, 3], [1, 0])
    expect("X", made.readX(1)[:3], [0, 200, 400])
    back = api.ConvertUnits(made, Target="TOF", OutputWorkspace="back")
    expect("X back", back.readX(0), sample.readX(0), 1e-9)
    expect("X back of the other", back.readX(1), sample.readX(0), 1e-9)
