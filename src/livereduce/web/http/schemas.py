"""JSON schemas of the answers, by name. Pure data."""

from typing import Any

Json = dict[str, Any]

TEXT: Json = {"type": "string"}
NUMBER: Json = {"type": "number"}
WHOLE: Json = {"type": "integer"}
YES_NO: Json = {"type": "boolean"}
TIME: Json = {"type": "string", "description": "ISO 8601 with zone"}


def ref(name: str) -> Json:
    """A reference to a schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def maybe(schema: Json) -> Json:
    """The same, or null."""
    return {**schema, "type": [schema["type"], "null"]}


def many(schema: Json) -> Json:
    """A list."""
    return {"type": "array", "items": schema}


def thing(**fields: Json) -> Json:
    """An object with all of these fields; later versions may add more."""
    return {"type": "object", "properties": fields, "required": list(fields)}


_NUMBERS = many(maybe(NUMBER))
_VALUES: Json = {
    "description": "A number (scalar), a list (1d, one row) or a list of lists (2d, several rows); null: not a number",
    "type": ["number", "array", "null"],
}

SCHEMAS: Json = {
    "Error": thing(error=TEXT),
    "Asked": thing(asked=YES_NO, text={**TEXT, "description": "what the daemon does"}),
    "Done": thing(text={**TEXT, "description": "what the daemon has done"}),
    "Region": {
        "type": "object",
        "properties": {
            "name": {**TEXT, "pattern": "^[A-Za-z0-9._-]([A-Za-z0-9 ._-]{0,38}[A-Za-z0-9._-])?$"},
            "kind": {"enum": ["rectangle", "ellipse", "lasso", "pixels"]},
            "projection": {"enum": ["", "cylinder", "sphere", "flat", "map"]},
            "points": {**many(many(NUMBER)), "description": "two corners of a box, or the vertices of a lasso"},
            "pixels": {**TEXT, "description": "pixel numbers, such as 1-100,205"},
            "tof_min_us": maybe(NUMBER),
            "tof_max_us": maybe(NUMBER),
        },
        "required": ["name", "kind"],
    },
    "Health": thing(ok=YES_NO, instruments=WHOLE, watchers=WHOLE),
    "Card": thing(
        id=TEXT,
        name=TEXT,
        state={**TEXT, "description": "the state word of the snapshot, or down"},
        why=TEXT,
        since=TIME,
        earlier={**maybe(TEXT), "description": "what has happened in the last day; empty if nothing"},
        down={**TEXT, "description": "why the daemon is down; empty if it is up"},
        run=maybe(WHOLE),
        run_state=maybe(TEXT),
        title={
            **maybe(TEXT),
            "description": "of the run, as soon as it has a result; empty or null if it is not known",
        },
        events_per_s=NUMBER,
        data_age_s=maybe(NUMBER),
        memory_bytes=maybe(WHOLE),
        memory_limit_bytes=maybe(WHOLE),
        last_result_at=maybe(TIME),
        last_result_age_s=maybe(NUMBER),
        findings={
            **maybe(WHOLE),
            "description": "pixels and banks that are named as not well; null while nobody looks",
        },
        seen_at={**maybe(TIME), "description": "time of the newest status that is known here"},
        peer={**maybe(TEXT), "description": "the page that this card comes from, if it is another one"},
    ),
    "Glance": thing(
        run={**maybe(WHOLE), "description": "the run of the newest result; null if there is none"},
        name=TEXT,
        version=TEXT,
        sketch={
            "description": "a small picture by its `kind`: curve, image, scalar, table, empty; null if there is none",
            "type": ["object", "null"],
        },
        problem={**TEXT, "description": "why there is no sketch of a result; empty if there is one"},
        statistics={
            "anyOf": [ref("GlanceStatistics"), {"type": "null"}],
            "description": "of the first metric with a relative error; null if there is none",
        },
    ),
    "GlanceStatistics": thing(
        metric=TEXT,
        units=TEXT,
        value=maybe(NUMBER),
        error=maybe(NUMBER),
        relative_error=maybe(NUMBER),
        part={**maybe(NUMBER), "description": "of what the target takes, so much is counted; null if not known"},
        reaches={"description": "when the target is reached, as of a metric; null without", "type": ["object", "null"]},
    ),
    "Instruments": thing(at=TIME, instruments=many(ref("Card"))),
    "Run": thing(
        run=WHOLE,
        ended=YES_NO,
        start_time={**TEXT, "description": "ISO 8601; empty if not known"},
        end_time={**TEXT, "description": "ISO 8601; empty if not known, or as long as the run goes on"},
        incomplete={**TEXT, "description": "what is missing at the end of the run; empty if nothing"},
        figure={**TEXT, "description": "version of the figure that a script has published; empty if there is none"},
        products=many(ref("Listed")),
    ),
    "Listed": thing(
        name=TEXT,
        updated=TIME,
        version=TEXT,
        kind={"type": "string", "enum": ["", "scalar", "1d", "2d"]},
        shape=many(WHOLE),
        events=WHOLE,
        proton_charge_pc=NUMBER,
        incomplete=TEXT,
        parameters={
            **many(thing(name=TEXT, value=TEXT, units=TEXT, runs=TEXT, md5=TEXT)),
            "description": "values that the scripts have asked for; runs: for which, empty for all; "
            "md5: of the file that the value names",
        },
        display=ref("Display"),
    ),
    "Display": thing(
        kind={"type": "string", "enum": ["", "line", "image", "table"], "description": "empty: by its dimensions"},
        x_log=YES_NO,
        y_log={**YES_NO, "description": "of an image, its scale of colours"},
        x_range={"type": ["array", "null"], "items": NUMBER, "description": "what is shown at first; null: all"},
    ),
    "Instrument": thing(
        at=TIME,
        card=ref("Card"),
        status={"type": ["object", "null"], "description": "the snapshot as in status.json"},
        runs={**many(ref("Run")), "description": "the newest first"},
        shadow={"anyOf": [ref("Shadow"), {"type": "null"}], "description": "null without a shadow"},
        restartable={**YES_NO, "description": "whether a token lets somebody restart, promote and take back"},
    ),
    "Shadow": thing(
        directory=TEXT,
        why={**TEXT, "description": "what it does, or why it does not run"},
        is_running=YES_NO,
        files={
            "type": "object",
            "additionalProperties": TEXT,
            "description": "md5 of the scripts that it runs, by path",
        },
        seen={**TEXT, "description": "the md5 of both sets of scripts, for promote; empty if nothing can be promoted"},
        changes={**many(ref("PromotedFile")), "description": "what promoting does; empty if it does not run"},
        runs={**many(ref("Run")), "description": "what it has made; the newest first"},
        outdated={**many(WHOLE), "description": "runs whose result was made by other scripts than it runs now"},
        outdated_in_use={**many(WHOLE), "description": "the same of the scripts in use"},
    ),
    "PromotedFile": thing(
        path={**TEXT, "description": "in the script directory"},
        md5={**TEXT, "description": "what it will hold; empty if it is removed"},
        how={"type": "string", "enum": ["same", "changed", "new", "removed"], "description": "against those in use"},
    ),
    "Difference": thing(
        run=WHOLE,
        name=TEXT,
        version=TEXT,
        text={**TEXT, "description": "the difference in words"},
        problem={**TEXT, "description": "why both cannot be compared value by value; empty if they can"},
        same={**YES_NO, "description": "value by value"},
        compared={**WHOLE, "description": "values that are finite in both"},
        differ={**WHOLE, "description": "those of them that are not equal"},
        one_sided={**WHOLE, "description": "values where one is NaN or infinite, and the other is not the same"},
        worst={
            **maybe(NUMBER),
            "description": "(shadow - in use) / sqrt(sum of the squared errors) where it is largest",
        },
        worst_at={**TEXT, "description": "where that is"},
        largest={**maybe(NUMBER), "description": "the largest absolute difference, in the units of the result"},
        chi2_per_n={
            **maybe(NUMBER),
            "description": "the mean of the squared deviations; null if no value that differs has errors",
        },
        events_shadow=WHOLE,
        events_in_use=WHOLE,
        drawn={
            "description": "the deviations as a product; null if there is nothing to draw",
            "type": ["object", "null"],
        },
    ),
    "Product": thing(
        run=WHOLE,
        name=TEXT,
        title=TEXT,
        kind={"type": "string", "enum": ["scalar", "1d", "2d"]},
        rows={**WHOLE, "description": "number of spectra of the whole product"},
        row_numbers={**many(WHOLE), "description": "those given, if some were asked for"},
        label=TEXT,
        signal=_VALUES,
        errors=_VALUES,
        units=TEXT,
        axes=many(thing(name=TEXT, units=TEXT, values=_NUMBERS)),
        attributes={"type": "object"},
        thinned={**TEXT, "description": "how the number of points was reduced; empty if it was not"},
        note=TEXT,
        version=TEXT,
        display=ref("Display"),
        labels={**many(TEXT), "description": "of a table: names of the places along the last axis; empty without"},
    ),
    "Runs": thing(
        columns={
            **many(thing(key=TEXT, name=TEXT, units=TEXT, scripts=TEXT)),
            "description": "the metrics; `scripts` is empty where each run has the value that it got live",
        },
        runs={**many(ref("Row")), "description": "the newest first"},
    ),
    "Row": thing(
        run=WHOLE,
        title=TEXT,
        state={"type": "string", "enum": ["running", "ended", "incomplete"]},
        reason={**TEXT, "description": "why data are missing; empty if none are"},
        start_time={**TEXT, "description": "ISO 8601; empty if not known"},
        end_time={**TEXT, "description": "ISO 8601; empty if not known, or as long as the run goes on"},
        events=WHOLE,
        proton_charge_pc=NUMBER,
        scripts={
            "type": "object",
            "additionalProperties": TEXT,
            "description": "md5 of the scripts that made the newest result, by file name",
        },
        script_set={**TEXT, "description": "a short name of all of them together; empty if they are not known"},
        changed={**many(TEXT), "description": "the scripts that differ from those of the run before"},
        has_products={**YES_NO, "description": "false: only this row is kept"},
        metrics={
            "type": "object",
            "additionalProperties": ref("LastValue"),
            "description": "the last value of each metric, by the key of its column",
        },
    ),
    "LastValue": thing(value=maybe(NUMBER), error=maybe(NUMBER), units=TEXT, spark=_NUMBERS),
    "Timeline": thing(
        t=many(TIME),
        events_per_s=_NUMBERS,
        proton_charge_pc=_NUMBERS,
        proc_s=_NUMBERS,
        post_proc_s=_NUMBERS,
        memory_bytes=_NUMBERS,
        data_age_s=_NUMBERS,
        marks=many(thing(t=TIME, kind=TEXT, text=TEXT)),
    ),
    "Trends": thing(run=WHOLE, left_out=many(TEXT), metrics=many(ref("Metric"))),
    "Metric": thing(
        name=TEXT,
        units=TEXT,
        t=many(TIME),
        value=_NUMBERS,
        error={**_NUMBERS, "description": "standard deviations, null where none was reported"},
        proton_charge_pc=_NUMBERS,
        mean=maybe(NUMBER),
        std=maybe(NUMBER),
        relative_error=maybe(NUMBER),
        note={**TEXT, "description": "what was left out; empty if nothing"},
        reaches={
            "description": "when the wanted relative error is reached; null if none was asked for",
            "type": ["object", "null"],
        },
    ),
    "Output": thing(
        printed={
            **many(thing(at=TIME, script=TEXT, line=TEXT)),
            "description": "newest last, with the script that printed it",
        },
        left_out={**WHOLE, "description": "lines left out of the log because the scripts print too much"},
        traceback={**TEXT, "description": "of the last failure of the current scripts; empty if there was none"},
        failure={"description": "the same failure in parts", "type": ["object", "null"]},
        script_hashes=many(thing(step=TEXT, path=TEXT, md5=TEXT, modified=TEXT, changed=TEXT)),
    ),
}
