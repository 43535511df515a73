"""The description of the API in OpenAPI 3.1, ``/api/openapi.json``; the handlers are tested against it."""

from collections.abc import Sequence
from typing import Any

from livereduce import __version__
from livereduce.web.http import openapi_views
from livereduce.web.http.params import DEFAULT_RUNS, LEAST_TARGET, MAX_POINTS, MAX_ROWS, MAX_RUNS
from livereduce.web.http.schemas import SCHEMAS, ref

Json = dict[str, Any]


def description(root: str = "") -> Json:
    """The whole description, of a page that a proxy shows at the path `root`."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "livereduce",
            "version": __version__,
            "description": "State and results of the live reduction of one or many instruments. "
            "Times are ISO 8601 with zone; numbers that are not known are null.",
        },
        "servers": [{"url": root or "/"}],
        "paths": _with_views(_paths()),
        "components": {
            "schemas": SCHEMAS | openapi_views.SCHEMAS,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _with_views(paths: Json) -> Json:
    """The same with the addresses that a viewer answers."""
    for path, methods in openapi_views.view_paths("/api/instruments/{id}", _ID, _REGION_NAME).items():
        methods["get"]["responses"].update(_errors(*openapi_views.ERRORS))
        paths[path] = paths.get(path, {}) | methods
    return paths


def _paths() -> Json:
    one = "/api/instruments/{id}"
    return {
        **_of_the_page(),
        **_of_an_instrument(one),
        **_orders(one),
        **_products(f"{one}/products/{{run}}/{{name}}", "A product"),
        **_products(f"{one}/shadow/{{run}}/{{name}}", "A product of the shadow"),
        f"{one}/difference/{{run}}/{{name}}": _get(
            "What differs between a product of the shadow and the one in use.",
            "Difference",
            parameters=[_ID, _RUN, _NAME, _POINTS],
            errors=(404, 422, 429),
        ),
    }


def _of_the_page() -> Json:
    return {
        "/healthz": _get("Health check: this server answers.", "Health"),
        "/metrics": _get("All metrics, in the Prometheus text format.", None, "text/plain"),
        "/api/openapi.json": _get("This description.", None, "application/json"),
        "/api/events": _get(
            "Server-sent events: hello, status, product, shadow, down, beat.",
            None,
            "text/event-stream",
            [_query("id", "Only these instruments; all if not given.", {"type": "string"}, many=200)],
            (404, 422, 429),
        ),
        "/api/instruments": _get("A card for each instrument.", "Instruments"),
    }


def _of_an_instrument(one: str) -> Json:
    of_run = [_ID, _RUN]
    return {
        one: _get("Everything about an instrument.", "Instrument", parameters=[_ID], errors=(404,)),
        f"{one}/glance": _get(
            "The newest result as a sketch, with its statistics.",
            "Glance",
            parameters=[_ID, _TARGET, _PEER],
            errors=(404, 422, 429),
        ),
        f"{one}/runs": _get(
            "The run table: a row for each run, with the last value of each metric.",
            "Runs",
            parameters=[_ID, _MAX_RUNS],
            errors=(404, 422, 429),
        ),
        f"{one}/runs.csv": _get(
            "The run table as CSV.", None, "text/csv", parameters=[_ID, _MAX_RUNS], errors=(404, 422, 429)
        ),
        f"{one}/timeline": _get(
            "Numbers and marks of the last day.", "Timeline", parameters=[_ID, _SINCE], errors=(404, 422)
        ),
        f"{one}/output": _get(
            "What the scripts printed, and their last error.", "Output", parameters=[_ID], errors=(404,)
        ),
        f"{one}/trends/{{run}}": _get(
            "Numbers that the scripts of a run reported.", "Trends", parameters=[*of_run, _TARGET], errors=(404, 422)
        ),
        f"{one}/figures/{{run}}": _get(
            "The figure that a script has published last for a run, as a page of its own.",
            None,
            "text/html",
            of_run,
            (404,),
        ),
    }


def _orders(one: str) -> Json:
    """What the daemon is asked for, by whoever has the token."""
    return {
        f"{one}/restart": _asks("Restart the worker with the current scripts.", "202", "Asked"),
        f"{one}/promote": _asks(
            "Put the scripts of the shadow, as they were shown, in the place of those in use.", "200", "Done", _SEEN
        ),
        f"{one}/take_back": _asks("Put back what was there before the last promotion.", "200", "Done"),
        f"{one}/regions": _asks(
            "Keep a region of the detector, in the place of that of its name, or of another one.",
            "200",
            "Done",
            _INSTEAD,
            body="Region",
        ),
        f"{one}/regions/{{name}}": _asks(
            "Remove a region of the detector.", "200", "Done", _REGION_NAME, method="delete"
        ),
    }


def _products(path: str, what: str) -> Json:
    """A product in all its forms."""
    whole = [_ID, _RUN, _NAME]
    some, refused = [*whole, _ROW], (404, 422, 429)
    arrays = f"{what} as arrays for a program: signal, errors, axis_0 …, and facts.json."
    return {
        path: _get(f"{what} for plotting.", "Product", parameters=[*whole, _POINTS, _ROW], errors=refused),
        f"{path}.nxs": _get(f"{what} as its file.", None, "application/x-hdf5", whole, (404,)),
        f"{path}.npz": _get(arrays, None, "application/octet-stream", whole, refused),
        f"{path}.csv": _get(f"{what} as a CSV table.", None, "text/csv", some, refused),
        f"{path}.png": _get(f"{what} as a PNG image.", None, "image/png", some, refused),
    }


def _parameter(name: str, text: str, schema: Json) -> Json:
    return {"name": name, "in": "path", "required": True, "description": text, "schema": schema}


def _query(name: str, text: str, schema: Json, many: int = 0) -> Json:
    whole = {"type": "array", "items": schema, "maxItems": many} if many else schema
    return {"name": name, "in": "query", "required": False, "description": text, "schema": whole}


_ID = _parameter("id", "The id on the instrument's card.", {"type": "string"})
_RUN = _parameter("run", "The run number; 0 between runs.", {"type": "integer", "minimum": 0, "maximum": 10**15 - 1})
_NAME = _parameter("name", "The name of the product.", {"type": "string"})
_REGION_NAME = _parameter("name", "The name of the region.", {"type": "string"})
_POINTS = _query(
    "max_points",
    "At most this many values in total.",
    {"type": "integer", "minimum": 1, "maximum": MAX_POINTS, "default": 100_000},
)
_ROW = _query(
    "row",
    "Spectra of a product of two dimensions.",
    {"type": "integer", "minimum": 0, "maximum": 10**9},
    many=MAX_ROWS,
)
_MAX_RUNS = _query(
    "max_runs",
    "At most this many runs, the newest.",
    {"type": "integer", "minimum": 1, "maximum": MAX_RUNS, "default": DEFAULT_RUNS},
)
_SINCE = _query("since", "Only numbers after this time.", {"type": "string", "format": "date-time"})
_INSTEAD = _query(
    "instead",
    "Name of a region that is kept: the new one takes its place, as if it were renamed.",
    {"type": "string", "maxLength": 40},
)
_SEEN: Json = {
    "name": "seen",
    "in": "query",
    "required": True,
    "description": "What was shown: `seen` of the shadow.",
    "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
}
_PEER = _query("peer", "The page that the instrument is on, as its card says.", {"type": "string"})
_TARGET = _query(
    "target", "The wanted relative error.", {"type": "number", "minimum": LEAST_TARGET, "exclusiveMaximum": 1}
)


def _get(
    text: str,
    schema: str | None,
    media_type: str = "application/json",
    parameters: Sequence[Json] = (),
    errors: Sequence[int] = (),
) -> Json:
    body: Json = {"schema": ref(schema)} if schema else {}
    operation = {
        "summary": text,
        "parameters": list(parameters),
        "responses": {"200": {"description": text, "content": {media_type: body}}, **_errors(*errors)},
    }
    return {"get": operation}


_ERRORS = {
    401: "The token is wrong or missing.",
    403: "Not allowed from another site, or nothing can be changed from here.",
    404: "Not found.",
    409: "The daemon refuses, or cannot be asked: says why.",
    411: "A body needs a Content-Length.",
    413: "The body is too long.",
    414: "The query is too long.",
    421: "This server does not accept that host name.",
    422: "A value in the query is invalid.",
    429: "Too many requests at once; try again later.",
}


def _errors(*codes: int) -> Json:
    return {
        str(code): {"description": _ERRORS[code], "content": {"application/json": {"schema": ref("Error")}}}
        for code in sorted({*codes, 411, 413, 414, 421})
    }


def _asks(text: str, status: str, schema: str, *parameters: Json, method: str = "post", body: str = "") -> Json:
    """Something that the daemon is asked to do; `body`: the schema of what is sent."""
    done = {"description": "What the daemon says of it.", "content": {"application/json": {"schema": ref(schema)}}}
    sent = {"required": True, "content": {"application/json": {"schema": ref(body)}}} if body else None
    return {
        method: {
            "summary": text,
            "security": [{"token": []}],
            "parameters": [_ID, *parameters],
            **({"requestBody": sent} if sent else {}),
            "responses": {status: done, **_errors(401, 403, 404, 409, *([422] if parameters or body else []))},
        }
    }
