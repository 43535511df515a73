"""Main program of a renderer: set limits, then answer jobs until standard input ends.

The cost of a product is bounded here a second time: a file can crash the library that reads it, and the kernel's limits
hold whatever that library does.
"""

import logging
import os
import resource
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from livereduce.publish.products.inside import NotAProduct, NotPlain
from livereduce.web.render.process.frames import END, PIECE, REFUSED, RenderJob, decode_job, encode_refusal, frame
from livereduce.web.render.reading import Unshowable

MEMORY_BYTES = 512 << 20
"""Limit of address space: the page as a service may have 1 GiB of memory with all its processes."""
CPU_S = 60
"""Limit of CPU time of one job, in case the server that would end it is gone."""
NICER = 5

log = logging.getLogger("livereduce.web")


def main() -> None:
    """Answer jobs until standard input ends."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s - %(name)s - %(levelname)s - %(message)s")
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)  # libraries may print, which must not get into the answers
        _limit()
        for line in sys.stdin.buffer:
            _limit_time()
            _answer(decode_job(line), answers)


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(NICER)
    with suppress(OSError):  # if memory runs out anyway, this process is killed first
        Path("/proc/self/oom_score_adj").write_text("1000")


def _limit_time() -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    with suppress(ValueError):  # a lower limit was set from outside
        resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + CPU_S, hard))


def _answer(job: RenderJob, answers: BinaryIO) -> None:
    try:
        for piece in _pieces(job):
            answers.write(frame(PIECE, piece))
            answers.flush()
    except Exception as error:  # noqa: BLE001 (the boundary of one job)
        answers.write(frame(REFUSED, encode_refusal(*refusal_of(error, job))))
    else:
        answers.write(frame(END))
    answers.flush()


def _pieces(job: RenderJob) -> Iterator[bytes]:
    from livereduce.web.render.process import jobs

    match job.what:
        case "json":
            yield jobs.json_body(job)
        case "difference":
            yield jobs.difference(job)
        case "png":
            yield jobs.picture(job)
        case "csv":
            yield from jobs.table(job)
        case "sketch":
            yield jobs.sketched(job)
        case "npz":
            yield from jobs.arrays(job)
        case _:
            yield jobs.shape(job)


def refusal_of(error: Exception, job: RenderJob) -> tuple[int, str]:
    """HTTP status and a sentence for people on what is wrong with a product, without library jargon."""
    match error:
        case Unshowable() | NotPlain():
            return 422, str(error)[:300]
        case IndexError():
            return 404, str(error)[:300]
        case MemoryError():
            return 422, f"it takes more than {MEMORY_BYTES >> 20} MiB of memory to show it; download it as NeXus"
        case OSError() if error.errno is not None and error.strerror:
            return 404, f"it cannot be read: {error.strerror}"
        case NotAProduct():
            log.warning("%s of run %d: %s: %r", job.name, job.run, error, error.__cause__)
            return 404, f"it cannot be read: {error}"[:300]
        case ValueError():
            log.warning("%s of run %d is not a livereduce product: %s", job.name, job.run, error)
            return 404, "it cannot be read: the file does not have the layout of a product"
    log.error("%s of run %d as %s", job.name, job.run, job.what, exc_info=error)
    return 422, f"it cannot be shown as {job.what}; the log of this page says why"
