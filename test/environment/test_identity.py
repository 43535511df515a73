"""Mantid is asked in a process of its own: what that says, prints and fails to say."""

import os

import pytest

from helpers.environments import Launchers
from helpers.paths import ROOT
from livereduce.environment.identity import ASK_AGAIN_S, Identities, Identity, ask_identity, decode, encode

LIMIT_S = 30.0
ENVIRON = {"PATH": os.defpath, "PYTHONPATH": str(ROOT / "src"), "HOME": "/nowhere"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Pythons by what is the matter with their Mantid."""
    launchers = Launchers(tmp_path_factory.mktemp("pythons"))
    texts = {
        "good": '__version__ = "6.11.0"\n',
        "broken": "raise ImportError('libMantidKernel.so: cannot open shared object file')\n",
        "hanging": "import time\nprint('still loading', flush=True)\ntime.sleep(600)\n",
        "crashing": "import os\nprint('Segmentation fault', flush=True)\nos.abort()\n",
        "lingering": "import atexit, time\natexit.register(time.sleep, 600)\n",
    }
    made = {name: str(launchers.environment(name, mantid=text)) for name, text in texts.items()}
    return made | {"none": str(launchers.environment("none", mantid=None))}


def ask(python: str, name: str = "", timeout_s: float = LIMIT_S) -> Identity:
    return ask_identity(python, ENVIRON, name, timeout_s)


def test_the_default_instrument_with_mantid_itself(made: dict[str, str]) -> None:
    said = ask(made["good"])
    assert (said.name, said.short_name, said.facility) == ("NEWONE", "NEW", "ELSEWHERE")
    assert (said.mantid_version, said.problem) == ("6.11.0", "")
    assert said.mantid.endswith("mantid/__init__.py")


def test_an_instrument_by_name(made: dict[str, str]) -> None:
    assert (ask(made["good"], "VENUS").name, ask(made["good"], "VENUS").short_name) == ("VENUS", "VEN")


def test_an_instrument_that_mantid_does_not_know(made: dict[str, str]) -> None:
    said = ask(made["good"], "NOBODY")
    assert (said.name, said.problem, said.mantid_version) == ("", "no instrument NOBODY", "6.11.0")


def test_mantids_end_is_not_waited_for(made: dict[str, str]) -> None:
    assert ask(made["lingering"]).name == "NEWONE"


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("none", "ModuleNotFoundError: No module named 'mantid'"),
        ("broken", "ImportError: libMantidKernel.so: cannot open shared object file"),
        ("crashing", "exited with code -6: Segmentation fault"),
    ],
)
def test_why_there_is_no_answer(made: dict[str, str], name: str, problem: str) -> None:
    assert ask(made[name]) == Identity(problem=problem)


def test_a_mantid_that_hangs_is_left_behind(made: dict[str, str]) -> None:
    assert ask(made["hanging"], timeout_s=2.0).problem == "gave no answer within 2 s: still loading"


def test_an_interpreter_that_is_not_there() -> None:
    assert ask("/no/such/python") == Identity(problem="/no/such/python cannot be run: No such file or directory")


def test_a_python_that_does_not_find_this_package(made: dict[str, str]) -> None:
    said = ask_identity(made["good"], {"PATH": os.defpath}, "", LIMIT_S)
    assert "No module named 'livereduce'" in said.problem


def test_the_answer_is_found_in_the_chatter() -> None:
    identity = Identity(name="NOMAD", short_name="NOM")
    assert decode(f"Welcome\n[1, 2]\n7\n{encode(identity)}\nBye {{}}\n") == identity
    for said in ("", "Welcome", '{"name": "x", "of another": "version"}', "[]", "null", '"text"'):
        assert decode(said) is None


def test_an_answer_is_kept_and_one_that_is_none_is_asked_for_again() -> None:
    now = 1000.0
    asked: list[tuple[str, str]] = []
    answers = {"/good": Identity(name="NOMAD"), "/bad": Identity(problem="slow")}

    def answer(interpreter: str, environ: object, name: str) -> Identity:
        asked.append((interpreter, name))
        return answers[interpreter]

    identities = Identities(answer, lambda: now)
    for _ in range(3):
        assert identities.of("/good", {}).name == "NOMAD"
        assert identities.of("/bad", {}).problem == "slow"
    assert identities.of("/good", {}, "PG3").name == "NOMAD"
    assert asked == [("/good", ""), ("/bad", ""), ("/good", "PG3")]
    now += ASK_AGAIN_S - 1
    assert identities.of("/bad", {}).problem == "slow"
    assert len(asked) == 3
    now += 1
    answers["/bad"] = Identity(name="POWGEN")
    assert identities.of("/bad", {}).name == "POWGEN"
    now += 1e6
    assert identities.of("/bad", {}) == identities.of("/bad", {})
    assert identities.of("/good", {}).name == "NOMAD"
    assert len(asked) == 4
