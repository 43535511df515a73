from pathlib import Path

import pytest

from livereduce.scripting.reading.outside import MAX_READ_BYTES, taken_from_outside

PROC = Path("/s/reduce_PG3_live_proc.py")

TAKEN = {
    "a clock": ("import time\nx = 1\nnow = time.time()", ":3 takes the clock into account (time.time)"),
    "a clock by another name": (
        "from datetime import datetime as dt\ndt.now()",
        ":2 takes the clock into account (datetime.datetime.now)",
    ),
    "chance": ("import numpy as np\nnp.random.normal()", ":2 takes random numbers into account (numpy.random.normal)"),
    "chance without a seed": ("import numpy as np\nnp.random.default_rng()", ":2 takes random numbers into account"),
    "a file": ("if input:\n    data = open('x').read()", ":2 takes a file into account (open)"),
    "a file by its path": ("from pathlib import Path\nPath('x').read_text()", ":2 takes a file into account"),
    "a file of Mantid's": (
        "from mantid.simpleapi import *\nLoadNexus('x')",
        ":2 takes a file into account (LoadNexus)",
    ),
    "the network": ("import requests\nrequests.get('x')", ":2 takes the network into account (requests.get)"),
    "a variable": ("import os\nos.environ['HOME']", ":2 takes an environment variable into account (os.environ)"),
    "a process": ("from subprocess import run\nrun(['ls'])", ":2 takes another process into account"),
}


@pytest.mark.parametrize(("text", "said"), TAKEN.values(), ids=TAKEN)
def test_what_is_taken_from_outside_is_named_with_its_line(text: str, said: str) -> None:
    (note,) = taken_from_outside(text.encode(), PROC)
    assert note.startswith("reduce_PG3_live_proc.py" + said)


@pytest.mark.parametrize(
    "text",
    [
        "output = input.data * 2",
        "import numpy as np\nnp.random.default_rng(1).normal()",
        "import livereduce\nLoadCalFile(livereduce.parameter('cal'))",
        "from livereduce import parameter\nopen(parameter('cal'))",
        "input.time()",
        "(",
        "x" * (MAX_READ_BYTES + 1),
        "\0",
    ],
)
def test_what_comes_from_the_input_or_a_parameter_is_not(text: str) -> None:
    assert taken_from_outside(text.encode(), PROC) == ()


def test_each_kind_is_told_once() -> None:
    assert len(taken_from_outside(b"import time\ntime.time()\ntime.time()\nopen('x')", PROC)) == 2
