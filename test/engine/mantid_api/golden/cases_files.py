"""Files that are written and read again: SaveNexus, SaveAscii, LoadAscii, SavePlot1D."""

import tempfile
from pathlib import Path
from typing import Any


def _folder() -> Any:
    return tempfile.TemporaryDirectory(ignore_cleanup_errors=True)


def case_save_nexus(api: Any, expect: Any) -> None:
    """SaveNexus: spectra come back as they were. Source: Mantid SaveNexusProcessed-v1.rst."""
    ws = api.CreateWorkspace(
        DataX=[0.0, 1.0, 2.5], DataY=[1.5, -2.0, 3.0, 4.0], DataE=[1.0, 0.5, 0.25, 2.0], NSpec=2, UnitX="dSpacing"
    )
    with _folder() as folder:
        path = str(Path(folder) / "saved.nxs")
        api.SaveNexus(InputWorkspace=ws, Filename=path)
        for load in (api.LoadNexus, api.LoadNexusProcessed, api.Load):
            back = load(Filename=path, OutputWorkspace="back")
            name = getattr(load, "__name__", "the loader")
            expect(f"X of {name}", back.readX(1), [0, 1, 2.5])
            expect(f"Y of {name}", back.extractY(), [[1.5, -2], [3, 4]])
            expect(f"E of {name}", back.extractE(), [[1, 0.5], [0.25, 2]])
            expect(f"unit of {name}", back.getAxis(0).getUnit().unitID(), "dSpacing")
        api.SaveNexusProcessed(InputWorkspace=ws, Filename=path, WorkspaceIndexList=[1])
        part = api.LoadNexusProcessed(Filename=path, OutputWorkspace="part")
        expect("a chosen spectrum", part.extractY(), [[3, 4]])


def case_save_ascii(api: Any, expect: Any) -> None:
    """SaveAscii: the middle of each bin, Y and E, with six digits. Source: Mantid SaveAscii2.cpp, SaveAscii2Test.h."""
    ws = api.CreateWorkspace(DataX=[0.0, 5 / 3], DataY=[2.0, 26 / 3], DataE=[1.0, 1.0])
    edges = api.CreateWorkspace(DataX=[0.0, 1.0, 2.0], DataY=[1.0, 2.0], DataE=[0.5, 1e-7])
    with _folder() as folder:
        path = str(Path(folder) / "saved.txt")
        api.SaveAscii(InputWorkspace=ws, Filename=path)
        expect("points", _lines(path), ["# X , Y , E Distribution=false", "1", "0,2,1", "1.66667,8.66667,1"])
        api.SaveAscii(InputWorkspace=edges, Filename=path, ColumnHeader=False, Separator="Space")
        expect("edges", _lines(path), ["1", "0.5 1 0.5", "1.5 2 1e-07"])
        api.SaveAscii(InputWorkspace=ws, Filename=path, ColumnHeader=False, Precision=2, ScientificFormat=True)
        expect("scientific", _lines(path)[1:], ["0.00e+00,2.00e+00,1.00e+00", "1.67e+00,8.67e+00,1.00e+00"])


def _lines(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines()


def case_load_ascii(api: Any, expect: Any) -> None:
    """LoadAscii: a number alone begins a spectrum, what is no number is a heading. Source: Mantid LoadAscii2.cpp."""
    with _folder() as folder:
        path = str(Path(folder) / "read.txt")
        Path(path).write_text("# heading\n7\n1 2 0.5\n2 3 0.25\n8\n1 4 1\n2 5 1\n", encoding="utf-8")
        ws = api.LoadAscii(Filename=path, OutputWorkspace="read", Unit="MomentumTransfer")
        expect("X", ws.readX(1), [1, 2])
        expect("Y", ws.extractY(), [[2, 3], [4, 5]])
        expect("E", ws.readE(0), [0.5, 0.25])
        expect("unit", ws.getAxis(0).getUnit().unitID(), "MomentumTransfer")
        expect("number", ws.getSpectrum(1).getSpectrumNo(), 8)


def case_save_plot_1d(api: Any, expect: Any) -> None:
    """SavePlot1D: with plotly the value of the call is the figure. Source: Mantid SavePlot1D.py, SavePlot1DTest.py."""
    ws = api.CreateWorkspace(DataX=[1, 2, 3, 1, 2, 3], DataY=[1, 2, 3, 4], NSpec=2, UnitX="dSpacing")
    div = api.SavePlot1D(InputWorkspace=ws, OutputType="plotly", SpectraList=[2], SpectraNames=["one", "bank 2"])
    expect("begins", div.startswith("<div"), True)
    expect("names", ["one" in div, "bank 2" in div, "legendonly" in div], [True, True, True])
    expect.raises("no file for an image", (ValueError, RuntimeError), lambda: api.SavePlot1D(InputWorkspace=ws))
