"""Handlers of the run table: as JSON for the page, and as CSV to take away."""

import asyncio
import gzip
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from livereduce.publish.runs.encode import table_body, table_csv
from livereduce.publish.runs.reading import RunTables
from livereduce.web.context import context_of, instrument
from livereduce.web.http import params
from livereduce.web.render.encode import to_json
from livereduce.web.state.instruments import Watched
from livereduce.web.state.products import made


async def runs(request: Request) -> Response:
    """The run table."""
    packed = "gzip" in request.headers.get("accept-encoding", "")
    headers = {"vary": "accept-encoding"} | ({"content-encoding": "gzip"} if packed else {})
    return await _table(request, "gzip" if packed else "json", "application/json", headers)


async def runs_csv(request: Request) -> Response:
    """The run table as a file for a spreadsheet."""
    name = f"{instrument(request).place.id}_runs.csv"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return await _table(request, "csv", "text/csv; charset=utf-8", headers)


async def _table(request: Request, form: str, media_type: str, headers: dict[str, str]) -> Response:
    one, most = instrument(request), params.max_runs(request.query_params.getlist("max_runs"))
    tables = _tables(one, context_of(request).beside.get(one.place.id))
    kept, is_up = one.view.live.index.runs, not one.view.down

    def make() -> bytes:
        table = tables.table(kept, is_up=is_up, most=most)
        if form == "csv":
            return table_csv(table).encode("utf-8", "replace")
        body = to_json(table_body(table))
        return gzip.compress(body, 1, mtime=0) if form == "gzip" else body

    version = await asyncio.to_thread(tables.version, kept)
    key = ("runs", one.place.id, form, version, most, is_up)
    return await made(request, key, lambda: asyncio.to_thread(make), media_type, headers)


def _tables(one: Watched, beside: Path | None) -> RunTables:
    folder = Path(one.view.live.folder)
    if one.tables is None or one.tables.folder != folder:
        one.tables = RunTables(folder, beside)
    return one.tables
