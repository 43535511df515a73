"""The instrument definition of the stream, as scripts meet it."""

from pathlib import Path

import numpy as np

from helpers.bench import batch, bench, job, start
from helpers.items import log_batch, monitor_batch
from livereduce.stream.items import Geometry

XML = """<instrument name="TOY"><component type="m"><location z="-10"/></component><type name="m" is="Source"/>
<component type="s"><location/></component><type name="s" is="SamplePos"/>
<component type="mon" idlist="n"><location z="-1"/></component><type name="mon" is="monitor"/>
<component type="arm" idlist="a"><location><parameter name="z"><logfile id="detz" eq="0.001*value"/></parameter>
</location></component><type name="arm"><component type="px"><location x="1"/><location x="2"/></component></type>
<type name="px" is="detector"/><idlist idname="n"><id val="-1"/></idlist>
<idlist idname="a" start="5" end="6"/></instrument>"""


def sent(xml: str) -> Geometry:
    return Geometry(run=5, time_ns=0, definition_xml=xml)


def test_a_spectrum_for_each_detector_at_the_places_that_logs_give(tmp_path: Path) -> None:
    proc = (
        "matrix = input.matrix\nplaces = matrix.instrument()\n"
        "z = places.position[places.index_of(matrix.spectra.ids)][0, 2]\n"
        "assert (matrix.rows, z, places.l1) == (2, 4.0, 10.0), (matrix.rows, z, places.l1)"
    )
    made = bench(job(tmp_path, proc=proc))
    progress = made.play([start(5), sent(XML), log_batch(5, "detz", [1], [4000.0], "mm"), batch(5, 10.0, pixel=6)])
    assert progress.last_errors == {}


def test_a_definition_that_cannot_be_read_fails_no_chunk(tmp_path: Path) -> None:
    made = bench(job(tmp_path, proc="assert input.matrix.rows == 1"))
    progress = made.play([start(5), sent(XML[:200]), batch(5, 10.0, pixel=6)])
    assert progress.last_errors == {}
    assert made.shelf.last_of(5).signal.sum() == 1


def test_only_a_script_that_needs_positions_is_told(tmp_path: Path) -> None:
    made = bench(job(tmp_path, proc="input.matrix.instrument()"))
    progress = made.play([start(5), sent(XML[:200]), batch(5, 10.0)])
    assert "the instrument definition of the stream cannot be read: line 3" in str(progress)
    none = bench(job(tmp_path, proc="input.matrix.instrument()")).play([start(5), batch(5, 10.0)])
    assert "the stream has no instrument definition" in str(none)


def test_huge_ids_take_no_memory(tmp_path: Path) -> None:
    made = bench(job(tmp_path, proc="assert (len(input.matrix.content.row_of_pixel), input.matrix.rows) == (7, 2)"))
    xml = XML.replace('start="5" end="6"', 'start="5" end="2147483647" step="2147483642"')
    progress = made.play([start(5), sent(xml), batch(5, 10.0, pixel=5)])
    assert progress.last_errors == {}
    assert np.isfinite(made.shelf.last_of(5).signal).all()


def test_beam_monitors_have_places_too(tmp_path: Path) -> None:
    proc = (
        "matrix = input.getMonitorWorkspace().matrix\nplaces = matrix.instrument()\n"
        "assert matrix.spectra.ids.tolist() == [-1], matrix.spectra.ids\n"
        "assert matrix.histograms.y.sum() == 2\n"
        "assert places.position[places.index_of(matrix.spectra.ids)].tolist() == [[0, 0, -1]]"
    )
    made = bench(job(tmp_path, proc=proc))
    progress = made.play([start(5), sent(XML), batch(5, 10.0), monitor_batch(5, 1, [20_000, 30_000])])
    assert progress.last_errors == {}
