"""What the API says of a curve: null for what is not known, and a note on what is missing."""

import json

import numpy as np

from livereduce.messages.views import MetricPoint, OverQuestion, decode_question, encode_question
from livereduce.viewer.over_log.bodies import curve_body, logs_body
from livereduce.viewer.over_log.curves import BinsWanted, Counted, Per, PulseBeam, curve, metric_curve
from livereduce.viewer.over_log.log_values import LogListed, LogValues


def test_a_curve_is_plain_json_with_null_for_what_is_not_known() -> None:
    log = LogValues(time_ns=np.array([10, 20]), value=np.array([1.0, 2.0]), units="K", given_up=3)
    beam = PulseBeam(pulse_ns=np.array([1, 11, 21]), charge_pc=np.array([5.0, 0.0, 3.6e9]))
    counted = Counted(time_ns=beam.pulse_ns, events=np.array([9, 4, 16]))
    body = curve_body(curve(beam, counted, log, BinsWanted.AUTO, Per.CHARGE), log, "T")
    assert json.loads(json.dumps(body, allow_nan=False)) == {
        "log": "T",
        "log_units": "K",
        "x": [1.0, 2.0],
        "x_low": [1.0, 2.0],
        "x_high": [1.0, 2.0],
        "mean": [None, 16.0],
        "error": [None, 4.0],
        "pulses": [1, 1],
        "events": [4, 16],
        "charge_pc": [0.0, 3.6e9],
        "units": "counts/µAh",
        "note": "1 pulse is left out: T had no valid value then; the first 3 values of T are not kept any more",
    }


def test_a_metric_of_which_some_values_are_kept_says_so() -> None:
    log = LogValues(time_ns=np.array([0]), value=np.array([1.0]), units="K")
    beam = PulseBeam(pulse_ns=np.array([1, 11]), charge_pc=np.array([5.0, 5.0]))
    counted = Counted(time_ns=beam.pulse_ns, events=np.array([9, 4]))
    question = OverQuestion(of="metric:width", log="T", metric=(MetricPoint(time_ns=10, value=None),), metric_every=4)
    assert decode_question(encode_question(question)) == question
    for every, told in ((1, ""), (4, "one of 4 values of the metric is kept: each is that of the newest of 4 chunks")):
        found = metric_curve(beam, counted, log, [MetricPoint(time_ns=20, value=2.0)], every=every)
        assert curve_body(found, log, "T")["note"].startswith(told)
        assert bool(curve_body(found, log, "T")["note"]) == bool(told)


def test_the_list_of_logs_is_plain_json() -> None:
    listed = LogListed(name="T", units="K", values=2, first=1.0, last=None, varies=False)
    assert logs_body([listed]) == [
        {"name": "T", "units": "K", "values": 2, "first": 1.0, "last": None, "varies": False}
    ]
