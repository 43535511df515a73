import ast
from textwrap import dedent

import pytest

from livereduce.scripting.unused import find_unused


def unused(script: str) -> list[tuple[str, int]]:
    return [(one.name, one.line) for one in find_unused(ast.parse(dedent(script)))]


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("input = input * 2", [("input", 1)]),
        ("x = 1\ninput = input.clone()\nprint(x)", [("input", 2)]),
        ("output = input * 2\ninput = None", [("input", 2)]),
        ("if input.n:\n    input = input * 2", [("input", 2)]),
        ("input = focus(input)\nlog = 1", [("input", 1), ("log", 2)]),
        ("result = input * 2", [("result", 1)]),
        ("output = input\nresult = input * 2", [("result", 2)]),
        ("accumulation = input\noutput = input * 2", [("accumulation", 1)]),
        ("Output = input * 2", [("Output", 1)]),
        ("ouput = input * 2", [("ouput", 1)]),
        ("pattern = input.sum()", [("pattern", 1)]),
        (
            "with quiet():\n    try:\n        result = 1\n    except E:\n        results = 2",
            [("result", 3), ("results", 5)],
        ),
    ],
)
def test_names_that_go_nowhere(script: str, found: list[tuple[str, int]]) -> None:
    assert unused(script) == found


@pytest.mark.parametrize(
    "script",
    [
        "output = input * 2",
        "input = input * 2\noutput = input",
        "input = input * 2\nreturn input, output",
        "input = input * 2\nmtd[output] = input",
        "input = input * 2\nprint(input)",
        "input = input * 2; output = input",
        "input = Rebin(InputWorkspace=input, Params='1', OutputWorkspace=input)",
        "input.data = input.data * 2",
        "input.data *= 2",
        "input += other",
        "for k in range(3):\n    last = input\n    input = last * 2",
        "def use():\n    return input\ninput = input * 2\noutput = use()",
        "result = input * 2\noutput = result",
        "result = Rebin(InputWorkspace=input, Params='1')\nSaveNexus(result, 'x.nxs')",
        "ws = Rebin(InputWorkspace=input, Params='1', OutputWorkspace=output)",
        "MaskDetectors(input, list(range(3)))\nn = 3",
        "global calls\ncalls = 1",
        "mtd['seen'] = 1\nn = 2",
        "_ = input.clone()",
        "a, b = input.split()",
        "for bank in range(3):\n    print(bank)",
        "print([x for x in range(3)])",
        "result = 1\nprint(locals())",
        "def helper():\n    result = 1\nhelper()",
        "print(input.getNumberEvents())",
    ],
)
def test_names_that_are_used_or_may_be(script: str) -> None:
    assert unused(script) == []


def test_the_advice_names_the_line_and_what_counts() -> None:
    (of_input,) = find_unused(ast.parse("\ninput = 2"))
    assert of_input.advice.startswith("line 2 assigns to `input`, which has no effect: set `output`")
    (of_result,) = find_unused(ast.parse("result = f()"))
    assert of_result.advice == "line 1 assigns to `result`, which nothing uses: the result is what `output` is set to"


@pytest.mark.parametrize(
    ("script", "stored_by"),
    [
        ("result = f(input)", {"mantid"}),
        ("result = fs[0](input)", {"mantid"}),
        ("result = Rebin(input, '1,2,3')", {"mantid", "builtin"}),
        ("result = mantid.simpleapi.Rebin(input, '1,2,3')", {"mantid", "builtin"}),
        ("result = input * 2", set()),
        ("results = Rebin(input, '1,2,3')", set()),
    ],
)
def test_what_an_algorithm_stores_is_the_result_though_nothing_reads_the_name(script: str, stored_by: set[str]) -> None:
    (one,) = find_unused(ast.parse(script))
    assert {engine for engine in ("mantid", "builtin") if one.is_stored(engine)} == stored_by
