"""The jobs of a renderer: JSON for the page, a difference, a table, a picture, a sketch, arrays, the shape."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

from livereduce.publish.products.beside import compare_beside
from livereduce.publish.products.file import default_data
from livereduce.publish.products.inside import opened
from livereduce.web.render.arrays import npz_pieces
from livereduce.web.render.difference import difference_body
from livereduce.web.render.download import csv_lines
from livereduce.web.render.encode import shown_body, to_json
from livereduce.web.render.process.frames import RenderJob
from livereduce.web.render.reading import read_shown
from livereduce.web.render.sketch import sketch


def json_body(job: RenderJob) -> bytes:
    """A product in the API's form."""
    shown = read_shown(Path(job.path), job.most, job.rows)
    return _sent(shown_body(shown, job.run, job.name, job.version), job)


def difference(job: RenderJob) -> bytes:
    """What differs between a product of the shadow and the one in use, in the API's form."""
    found = compare_beside(Path(job.path), Path(job.in_use))
    return _sent(difference_body(found, job.run, job.name, job.version, job.most), job)


def _sent(body: object, job: RenderJob) -> bytes:
    text = to_json(body)
    return gzip.compress(text, 1, mtime=0) if job.packed else text


def picture(job: RenderJob) -> bytes:
    """A product as a PNG."""
    from livereduce.web.render.png import draw  # importing matplotlib takes a second, and most renderers never draw

    return draw(Path(job.path), job.rows, job.run, job.name)


def sketched(job: RenderJob) -> bytes:
    """A product as a small picture for a card."""
    return to_json(sketch(Path(job.path)))


def table(job: RenderJob) -> Iterator[bytes]:
    """A product as CSV."""
    return csv_lines(Path(job.path), job.rows)


def arrays(job: RenderJob) -> Iterator[bytes]:
    """A product as an NPZ file."""
    return npz_pieces(Path(job.path), job.run, job.name, job.version)


def shape(job: RenderJob) -> bytes:
    """The shape of the signal as JSON."""
    with opened(Path(job.path)) as file:
        _, signal, _ = default_data(file)
        return json.dumps(signal.shape).encode()
