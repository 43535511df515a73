import copy
import json
import pickle

import pytest

from livereduce.scripting.output_name import OutputName


class Workspace:
    def getRun(self) -> str:
        return "run 5"


def test_it_is_the_name_and_then_the_workspace() -> None:
    store: dict[str, Workspace] = {}
    output = OutputName.among(store, "result")
    assert (output, hash(output), f"{output}", json.dumps(output)) == ("result", hash("result"), "result", '"result"')
    with pytest.raises(AttributeError, match=r"'str' object has no attribute 'getRun'.*no workspace"):
        output.getRun()
    store["result"] = Workspace()
    assert output.getRun() == "run 5"
    with pytest.raises(AttributeError, match="'Workspace' object has no attribute 'getRunn'"):
        output.getRunn()


def test_a_copy_is_a_text() -> None:
    output = OutputName.among({"result": Workspace()}, "result")
    assert [type(one) for one in (copy.copy(output), copy.deepcopy(output), pickle.loads(pickle.dumps(output)))] == [
        str
    ] * 3
