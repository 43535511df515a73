"""What a renderer can make of a product: JSON for the page, a table, a picture, its shape."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

from livereduce.publish.inside import opened
from livereduce.publish.nexus import default_data
from livereduce.web.download import csv_lines
from livereduce.web.encode import shown_body, to_json
from livereduce.web.reading import read_shown
from livereduce.web.renderer.frames import Job


def json_body(job: Job) -> bytes:
    """A product as the API gives it."""
    shown = read_shown(Path(job.path), job.most, job.rows)
    body = to_json(shown_body(shown, job.run, job.name, job.version))
    return gzip.compress(body, 1, mtime=0) if job.packed else body


def picture(job: Job) -> bytes:
    """A product as a PNG."""
    from livereduce.web.drawing import draw  # matplotlib takes a second, and most renderers never draw

    return draw(Path(job.path), job.rows, job.run, job.name)


def table(job: Job) -> Iterator[bytes]:
    """A product as CSV."""
    return csv_lines(Path(job.path), job.rows)


def shape(job: Job) -> bytes:
    """The shape of the signal as JSON."""
    with opened(Path(job.path)) as file:
        _, signal, _ = default_data(file)
        return json.dumps(signal.shape).encode()
