"""What `check` says of a script beforehand is what the script's error says when it runs."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from livereduce.catalog.mantid_names import HELPERS
from livereduce.engine.mantid_api import hook
from livereduce.engine.mantid_api.helpers.finder import MODULES
from livereduce.scripting.output_name import OutputName
from livereduce.scripting.reading.obstacles import read

GOLDEN = sorted((Path(__file__).parent / "golden").glob("cases_*.py"))
MISTAKES = [
    "DgsReduction(input)",
    "from mantid.simpleapi import BinMD\nBinMD(InputWorkspace=input)",
    "import mantid.simpleapi as api\napi.Rebinn(input)",
    "from mantid.simpleapi import Rebinn",
    "from mantid.kernel import ConfigServise",
    "import mantid.plotz.utility",
    "a = Rebin(input, Parms='0,1,2')",
    "a = Rebin(InputWorkspace=input)",
    "a = Rebin(input, '0,1,2', BinningMode='Liner')",
    "input.getNumberEvent()",
    "input.getRun().getProtonChrg()",
    "mtd['ws'].readZ(0)",
    "output.getRunn()",
    "mtd.getObjectName()",
    "logger.inform('x')",
    "input.getInstrument().getSorce()",
    "from mantid.api import CatalogManager\nCatalogManager.clear()",
]


@pytest.mark.parametrize("text", MISTAKES)
def test_the_words_are_the_same(simpleapi: Any, text: str) -> None:
    (one,) = read(ast.parse(text), is_script=True).obstacles
    workspace = simpleapi.CreateWorkspace(DataX=[0, 1, 2], DataY=[1, 2], OutputWorkspace="ws")
    with pytest.raises((TypeError, ValueError, AttributeError, ImportError, NotImplementedError)) as caught:
        exec(text, {**hook.script_globals(), "input": workspace, "output": OutputName.among(simpleapi.mtd, "ws")})
    assert one.text.split("; did you mean")[0] in str(caught.value)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_nothing_is_an_obstacle_that_runs(path: Path) -> None:
    """The golden cases, which run, as a script would write them; those that expect an error aside."""
    text = path.read_text()
    tree = ast.parse(re.sub(r"\bapi: Any, ", "", text))
    tree.body.insert(0, ast.parse("import mantid.simpleapi as api").body[0])
    lines = text.splitlines()
    told = [one for one in read(tree, is_script=True).obstacles if "raises" not in lines[one.line - 1]]
    assert told == []


def test_the_modules_that_need_not_be_installed_are_known() -> None:
    assert {name.partition(".")[0] for name in MODULES} == set(HELPERS)
