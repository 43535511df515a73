"""Rows of pixels: those of a run that grows are found by its new events alone."""

from dataclasses import replace

from helpers.pending_events import batch
from livereduce.engine.counting.pixels import PixelTable
from livereduce.stream.items import EventBatch


def piece(*pixels: int) -> EventBatch:
    return batch([1000] * len(pixels), list(pixels))


def test_a_run_that_grows_gets_rows_for_its_new_pixels() -> None:
    table, run = PixelTable(), [piece(7, 3)]
    table.extend_by_pieces(run)
    table.extend_by_pieces([chunk := piece(5)])  # a chunk is looked at by itself before it is part of the run
    run.append(chunk)
    table.extend_by_pieces(run)
    run.append(piece(1, 9))
    table.extend_by_pieces(run)
    assert table.pixels.tolist() == [3, 7, 5, 1, 9]


def test_pieces_that_were_there_last_time_are_not_looked_at_again() -> None:
    table, run = PixelTable(), [piece(3), piece(4)]
    table.extend_by_pieces(run)
    run[0].pixel.flags.writeable = True
    run[0].pixel[:] = 8
    table.extend_by_pieces([*run, piece(6)])
    assert table.pixels.tolist() == [3, 4, 6]


def test_a_selection_of_a_run_is_looked_at_as_a_whole() -> None:
    table, run = PixelTable(), [piece(3), piece(4)]
    table.extend_by_pieces(run)
    table.extend_by_pieces([piece(11), replace(run[1], pixel=run[1].pixel.copy()), piece(12)])
    table.extend_by_pieces([])
    assert table.pixels.tolist() == [3, 4, 11, 12]
