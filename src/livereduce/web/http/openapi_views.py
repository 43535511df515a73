"""The part of the description for the detector, regions of it, and curves over a log. Pure data."""

from typing import Any

from livereduce.web.http.params import LARGEST_NUMBER
from livereduce.web.http.schemas import NUMBER, TEXT, WHOLE, YES_NO, many, maybe, ref, thing

Json = dict[str, Any]

_PRODUCT = "like a product, so that it is drawn as one"
_NUMBERS = many(maybe(NUMBER))
_AXIS = thing(name=TEXT, units=TEXT, min=NUMBER, max=NUMBER)
_PROJECTION: Json = {"type": "string", "enum": ["cylinder", "sphere", "flat", "map"]}
BOUNDED: Json = {"type": "number", "minimum": -LARGEST_NUMBER, "maximum": LARGEST_NUMBER}
SINCE: Json = {**TEXT, "description": "since when it is counted; empty: from the start of the run"}

_OF: Json = {"type": "string", "pattern": "^(total|region:[^\\n]{1,40}|monitor:[0-9]{1,9}|metric:[^\\n]{1,200})$"}
_BINS: Json = {"type": "string", "pattern": "^(auto|values|[1-9][0-9]?|[1-4][0-9]{2})$"}

SCHEMAS: Json = {
    "Detector": thing(
        run=WHOLE,
        at={**TEXT, "description": "time of the newest pulse; empty before the first"},
        version=TEXT,
        events=WHOLE,
        since=SINCE,
        projection=_PROJECTION,
        projections=many(_PROJECTION),
        x=_AXIS,
        y=_AXIS,
        width=WHOLE,
        height=WHOLE,
        counts={
            **TEXT,
            "description": "mean counts per pixel of each cell: base64 of float32, little-endian, row by row from the "
            "lowest; -1 where there is no pixel",
        },
        cells_pixels={**TEXT, "description": "pixels in each cell: base64 of uint16, little-endian, in the same order"},
        tof_range_us={**many(NUMBER), "description": "the range that is counted"},
        tof_limits_us={**many(NUMBER), "description": "what a range can be chosen from"},
        tof_step_us={**NUMBER, "description": "a range begins and ends at multiples of it"},
        total=WHOLE,
        pixels=WHOLE,
        brightest={
            "description": "the bank with the most counts per pixel: bank, counts, pixels; null without banks",
            "type": ["object", "null"],
        },
        findings={**many(ref("Finding")), "description": "as of findings, each with marks: boxes around its pixels"},
        note=TEXT,
    ),
    "Finding": thing(
        kind={"type": "string", "enum": ["hot", "dead", "noisy", "shifted"]},
        what={"type": "string", "enum": ["pixel", "bank"]},
        bank={**TEXT, "description": "the name of the bank; empty for pixels that are in none"},
        pixels={**TEXT, "description": "pixel numbers, such as 1-3,9; empty for a bank"},
        since={**TEXT, "description": "when it began, as far as it was seen"},
        text=TEXT,
    ),
    "Findings": thing(
        run=WHOLE,
        at={**TEXT, "description": "time of the newest pulse; empty before the first"},
        looked_s={**NUMBER, "description": "seconds of beam of this run that were looked at"},
        findings=many(ref("Finding")),
        note={**TEXT, "description": "why nothing is named; empty if the detector is watched"},
    ),
    "PixelAt": thing(
        pixel=WHOLE,
        bank=TEXT,
        position={"description": "m; null if not known", "type": ["array", "null"], "items": NUMBER},
        l2_m=maybe(NUMBER),
        two_theta_deg=maybe(NUMBER),
        counts=WHOLE,
    ),
    "Regions": thing(
        can_save={**YES_NO, "description": "whoever has the token can save regions here"},
        limit=WHOLE,
        problem={**TEXT, "description": "why the regions cannot be read; empty if they can"},
        regions=many({"type": "object"}),
    ),
    "Logs": thing(
        run=WHOLE,
        logs=many(
            thing(name=TEXT, units=TEXT, values=WHOLE, first=maybe(NUMBER), last=maybe(NUMBER), varies=YES_NO),
        ),
        monitors={**many(WHOLE), "description": "numbers of the beam monitors"},
    ),
    "Over": thing(
        run=WHOLE,
        at=TEXT,
        version=TEXT,
        events=many(WHOLE),
        since=SINCE,
        of=TEXT,
        log=TEXT,
        log_units=TEXT,
        x={**_NUMBERS, "description": "mean of the log over the pulses of a row"},
        x_low=_NUMBERS,
        x_high=_NUMBERS,
        mean=_NUMBERS,
        error=_NUMBERS,
        pulses=many(WHOLE),
        charge_pc=_NUMBERS,
        units=TEXT,
        note=TEXT,
    ),
    "Spectrum": {
        "description": f"counts by time of flight: {_PRODUCT}",
        "allOf": [ref("Product"), thing(counts=WHOLE, pixels_count=WHOLE, since=SINCE)],
    },
}


def view_paths(one: str, identity: Json, name: Json) -> Json:
    """The addresses below that of one instrument."""
    span = [
        _query(f"tof_{end}_us", "A range of times of flight; without one end, up to that of the bins.", BOUNDED)
        for end in ("min", "max")
    ]
    projection = _query("projection", "The one that suits the instrument, if not given.", _PROJECTION)
    place = [_query(axis, "Where on the screen, in the projection.", BOUNDED, required=True) for axis in ("x", "y")]
    region = _query("region", "A region as JSON.", {"type": "string"}, required=True)
    over = [
        _query("of", "total, region:NAME, monitor:N or metric:NAME; total if not given.", _OF),
        _query("region", "For region:, the region itself, as JSON.", {"type": "string"}),
        _query("log", "The name of the log.", {"type": "string", "minLength": 1, "maxLength": 200}, required=True),
        _query("bins", "auto, values, or a number up to 512.", _BINS),
        _query("per", "What counts are divided by.", {"type": "string", "enum": ["charge", "pulse"]}),
    ]
    spectrum, table = "The spectrum of a region", "text/csv"
    return {
        f"{one}/detector": _get("Counts of the detector on a screen.", "Detector", identity, projection, *span),
        f"{one}/detector/at": _get("The pixel nearest to a place.", "PixelAt", identity, projection, *place),
        f"{one}/findings": _get("Pixels and banks that are not well.", "Findings", identity),
        f"{one}/logs": _get("The logs of the run that are numbers.", "Logs", identity),
        f"{one}/over": _get("A curve over a log, exact for every pulse.", "Over", identity, *over),
        f"{one}/regions": _get("The regions that are kept, with their counts.", "Regions", identity),
        f"{one}/regions/{{name}}": _get(f"{spectrum} that is kept.", "Spectrum", identity, name),
        f"{one}/regions/{{name}}.csv": _get(f"{spectrum} that is kept, as a table.", "", identity, name, media=table),
        f"{one}/region": _get(f"{spectrum} in the address.", "Spectrum", identity, region),
        f"{one}/region.csv": _get(f"{spectrum} in the address, as a table.", "", identity, region, media=table),
    }


ERRORS = (404, 409, 422, 429)


def _query(name: str, text: str, schema: Json, *, required: bool = False) -> Json:
    return {"name": name, "in": "query", "required": required, "description": text, "schema": schema}


def _get(text: str, schema: str, *parameters: Json, media: str = "application/json") -> Json:
    body: Json = {"schema": ref(schema)} if schema else {}
    done = {"description": text, "content": {media: body}}
    return {"get": {"summary": text, "parameters": list(parameters), "responses": {"200": done}}}
