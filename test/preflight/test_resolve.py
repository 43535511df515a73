import os
import sys
import types
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from livereduce.base.errors import OperatorError
from livereduce.base.extras import how_to_install
from livereduce.base.source_urls import file_url
from livereduce.config.file import Config
from livereduce.config.instrument import Instrument, lookup
from livereduce.environment.identity import Identity
from livereduce.environment.launched import VARIABLE, Launched, encode, fingerprint
from livereduce.preflight import host as host_module
from livereduce.preflight.host import Host, choose_engine, look_at_host, question
from livereduce.preflight.resolve import DEFAULT_TOF_BINS_US, Survey, choose_directory, complete, resolve, survey


def host(cwd: Path = Path("/here"), **facts: Any) -> Host:
    return Host(**{"environ": {}, "cwd": cwd, **facts})


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    directory = tmp_path / "scripts"
    directory.mkdir()
    (directory / "reduce_PG3_live_proc.py").write_text("output = input\n")
    return directory


# --- engine and environment


@pytest.mark.parametrize(
    ("config", "facts", "engine", "word"),
    [
        (Config(), {}, "builtin", "Mantid was not found"),
        (Config(conda_env="mantid-dev"), {}, "mantid", '"CONDA_ENV" in the configuration names mantid-dev'),
        (Config(pixi_env="sans_qa", conda_env="x"), {}, "mantid", '"PIXI_ENV" in the configuration names sans_qa'),
        (Config(), {"launcher": "/bin/nsd-app-wrap.sh"}, "mantid", "launcher /bin/nsd-app-wrap.sh"),
        (Config(), {"mantid": "/opt/mantid"}, "mantid", "this python has Mantid, /opt/mantid"),
        (Config(engine="builtin", conda_env="mantid-dev"), {"mantid": "/opt"}, "builtin", '"engine"'),
        (Config(engine="mantid"), {}, "mantid", '"engine"'),
    ],
)
def test_the_engine_is_builtin_only_where_nothing_points_to_mantid(
    config: Config, facts: dict[str, Any], engine: str, word: str
) -> None:
    verdict = choose_engine(config, host(**facts))
    assert verdict.engine == engine
    assert word in verdict.reason


ABSOLUTE = Config(conda_env="/opt/env/bin/python")


@pytest.mark.parametrize(
    ("config", "facts", "words"),
    [
        (Config(conda_env="mantid-dev"), {"mantid": "/opt/mantid"}, "this python"),
        (ABSOLUTE, {}, "python /opt/env/bin/python"),
        (replace(ABSOLUTE, engine="builtin"), {}, "this python"),
        (
            Config(),
            {"launched": Launched(environment="pixi mantid_dev, launched by x")},
            "pixi mantid_dev, launched by x",
        ),
    ],
)
def test_the_environment_in_words(config: Config, facts: dict[str, Any], words: str) -> None:
    assert survey(config, host(**facts)).environment == words


def test_the_host_is_looked_at_without_importing_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    launcher = tmp_path / "nsd-app-wrap.sh"
    launcher.write_text("#!/bin/sh\n")
    launcher.chmod(0o755)
    (tmp_path / "mantid").mkdir()
    (tmp_path / "mantid" / "__init__.py").write_text("raise SystemExit('imported')")
    (tmp_path / ".mantid").mkdir()
    (tmp_path / ".mantid" / "Mantid.user.properties").write_text("default.instrument=NOM")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(host_module, "BUILTIN_NEEDS", ("json", "no_such_package"))
    launched = Launched(config="c", environment="pixi mantid_dev", mantid="/opt/mantid")
    variables = {"PATH": str(tmp_path), "HOME": str(tmp_path), VARIABLE: encode(launched)}
    facts = look_at_host(variables, tmp_path)
    assert facts.launcher == str(launcher)
    assert facts.mantid == str(tmp_path / "mantid" / "__init__.py")
    assert facts.missing == ("no_such_package",)
    assert facts.properties[0] == "default.instrument=NOM"
    assert facts.launched == launched


@pytest.mark.parametrize("rubbish", ["", "{", "[]", "7", '{"of another": "version"}'])
def test_a_variable_that_is_not_ours_is_no_launch(rubbish: str) -> None:
    assert look_at_host({VARIABLE: rubbish}, Path("/")).launched is None


def test_a_half_made_module_is_no_mantid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mantid", types.ModuleType("mantid"))
    assert look_at_host({"PATH": "", "HOME": "/nowhere"}, Path("/")).mantid == ""


# --- directories


POWGEN = lookup("PG3")


@pytest.mark.parametrize(
    ("kind", "configured", "environ", "expected"),
    [
        ("runtime", None, {}, "/here/livereduce.run"),
        ("state", None, {}, "/here/livereduce.state"),
        ("runtime", None, {"XDG_RUNTIME_DIR": "/run/user/1"}, "/run/user/1/livereduce/PG3"),
        ("state", None, {"XDG_STATE_HOME": "/home/me/state"}, "/home/me/state/livereduce/PG3"),
        ("state", None, {"XDG_STATE_HOME": "relative"}, "/here/livereduce.state"),
        ("runtime", None, {"RUNTIME_DIRECTORY": "/run/a:/run/b", "XDG_RUNTIME_DIR": "/run/user/1"}, "/run/a"),
        ("state", None, {"STATE_DIRECTORY": "/var/lib/livereduce", "XDG_STATE_HOME": "/x"}, "/var/lib/livereduce"),
        ("state", None, {"STATE_DIRECTORY": "", "RUNTIME_DIRECTORY": "/run/a"}, "/here/livereduce.state"),
        ("state", "mine", {"STATE_DIRECTORY": "/var/lib/livereduce"}, "/here/mine"),
        ("runtime", "/mine", {"RUNTIME_DIRECTORY": "/run/a"}, "/mine"),
    ],
)
def test_directories(kind: str, configured: str | None, environ: dict[str, str], expected: str) -> None:
    path = Path(configured) if configured else None
    assert choose_directory(kind, path, POWGEN, host(environ=environ)) == Path(expected)


def test_a_directory_of_the_instrument_needs_the_instrument() -> None:
    assert choose_directory("state", None, None, host(environ={"XDG_STATE_HOME": "/x"})) is None
    assert choose_directory("state", None, None, host()) == Path("/here/livereduce.state")


# --- the whole


def test_a_good_configuration_is_resolved(scripts: Path, tmp_path: Path) -> None:
    config = Config(instrument="POWGEN", script_dir=Path("scripts"), engine="builtin", conda_env="mantid-dev")
    resolved = resolve(config, {"PATH": "", "HOME": "/nowhere"}, tmp_path)
    assert resolved.config == config
    assert resolved.instrument == POWGEN
    assert (resolved.engine, resolved.interpreter, resolved.environment) == ("builtin", sys.executable, "this python")
    assert resolved.script_dir == scripts
    assert resolved.scripts.proc is not None
    assert resolved.scripts.proc.text == b"output = input\n"
    assert resolved.scripts.post_proc is None
    assert resolved.source == "adara://bl11a-daq1.sns.gov:31415"
    assert resolved.tof_bins_us == DEFAULT_TOF_BINS_US
    assert resolved.runtime_dir == tmp_path / "livereduce.run"
    assert resolved.state_dir == tmp_path / "livereduce.state"
    assert resolved.warnings == ()
    assert list(tmp_path.iterdir()) == [scripts]  # nothing is made by asking


def test_what_is_configured_wins(scripts: Path, tmp_path: Path) -> None:
    (scripts / "reduce_MINE_live_post_proc.py").write_text("pass\n")
    config = Config(
        instrument="MINE",
        script_dir=scripts,
        engine="builtin",
        source="adara://localhost:4000",
        tof_bins_us=(1.0, 2.0, 9.0),
        state_dir=Path("kept"),
        warnings=("from the file",),
    )
    resolved = resolve(config, {"PATH": "", "HOME": "/nowhere"}, tmp_path)
    assert resolved.instrument == Instrument(name="MINE", short_name="MINE")
    assert resolved.source == "adara://localhost:4000"
    assert resolved.tof_bins_us == (1.0, 2.0, 9.0)
    assert resolved.state_dir == tmp_path / "kept"
    assert resolved.warnings == ("from the file",), "there is a post_proc: no proc is one of the ways to work"


def problems_of(config: Config, facts: Host | None = None, bad_keys: frozenset[str] = frozenset()) -> list[str]:
    return list(survey(config, facts or host(), bad_keys).problems)


def test_every_problem_is_raised_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    config = Config(
        instrument="BASIS", script_dir=tmp_path / "none", engine="builtin", state_dir=tmp_path / "file" / "x"
    )
    with pytest.raises(OperatorError) as caught:
        resolve(config, {"PATH": "", "HOME": "/nowhere"}, tmp_path)
    words = ["script directory", "has no known live stream", "state directory"]
    assert [word in problem for word, problem in zip(words, caught.value.problems, strict=True)] == [True] * 3


def test_the_default_script_directory_has_the_short_name() -> None:
    (problem,) = problems_of(Config(instrument="NOMAD", engine="builtin"))
    assert problem.startswith("script directory /SNS/NOM/shared/livereduce does not exist")


def test_started_by_hand_mantid_runs_where_this_python_has_it(scripts: Path) -> None:
    config = Config(instrument="PG3", script_dir=scripts, conda_env="mantid-dev")
    assert problems_of(config, host(mantid="/opt/mantid/__init__.py")) == []
    (problem,) = problems_of(config)
    assert problem == (
        f'Mantid cannot be imported in {sys.executable}, but "CONDA_ENV" in the configuration names mantid-dev; start '
        "livereduce with livereduce.sh, or give the absolute path of its python; or set "
        '"engine": "builtin" to reduce without Mantid'
    )
    assert problems_of(replace(config, conda_env="/opt/env/bin/python")) == []


def test_what_the_launch_found_wrong_is_the_only_problem_with_the_engine(scripts: Path) -> None:
    config = Config(instrument="PG3", script_dir=scripts, conda_env="mantid-dev")
    launched = Launched(config=fingerprint(config), problem="environment mantid-dev: no")
    found = survey(config, host(launched=launched))
    assert (found.problems, found.relaunch) == (("environment mantid-dev: no",), "")


def test_a_configuration_other_than_that_of_the_launch_is_for_another_process(scripts: Path) -> None:
    config = Config(instrument="PG3", script_dir=scripts, conda_env="mantid-dev")
    for launched in (Launched(config=fingerprint(Config()), problem="environment x: no"), Launched()):
        found = survey(config, host(launched=launched))
        assert found.problems == ()
        assert "changed since the daemon was launched" in found.relaunch
    assert survey(config, host()).relaunch == ""


def test_the_fingerprint_is_of_the_settings_alone() -> None:
    config = Config(path=Path("/a"), update_every_s=3.0)
    assert fingerprint(config) == fingerprint(replace(config, path=Path("/b"), given=("x",), warnings=("y",)))
    assert fingerprint(config) != fingerprint(replace(config, update_every_s=4.0))


def test_an_instrument_that_the_table_does_not_know_is_no_error_for_mantid(scripts: Path) -> None:
    found = survey(Config(instrument="NEWONE", script_dir=scripts, engine="mantid"), host())
    assert found.instrument == Instrument(name="NEWONE", short_name="NEWONE")
    assert not any("unknown instrument" in problem for problem in found.problems)


MANTID: dict[str, Any] = {"mantid": "/env/mantid/__init__.py"}
X = Config(conda_env="x")
LAUNCHED = Launched(config=fingerprint(X))
NEWONE = Identity(name="NEWONE", short_name="NEW", facility="SNS", mantid="/env/mantid", mantid_version="6.11.0")


@pytest.mark.parametrize(
    ("config", "facts", "asked"),
    [
        (X, MANTID, (sys.executable, "")),
        (replace(X, instrument="NEWONE"), MANTID, (sys.executable, "NEWONE")),
        (Config(conda_env="/opt/bin/python"), {}, ("/opt/bin/python", "")),
        (replace(X, instrument="pg3"), MANTID, None),  # the table knows it
        (Config(engine="builtin"), MANTID, None),
        (X, {}, None),  # nobody is there to be asked
        (X, MANTID | {"launched": LAUNCHED}, (sys.executable, "")),
        (X, MANTID | {"launched": replace(LAUNCHED, problem="no")}, None),
        (X, MANTID | {"launched": Launched()}, (sys.executable, "")),  # its own answer will do for the next
        (X, {"launched": Launched()}, None),
    ],
)
def test_who_is_asked_for_the_instrument(config: Config, facts: dict[str, Any], asked: tuple[str, str] | None) -> None:
    assert question(config, host(**facts)) == asked


def test_the_instrument_that_mantid_names(tmp_path: Path) -> None:
    (tmp_path / "reduce_NEW_live_proc.py").write_text("pass\n")
    config = Config(script_dir=tmp_path, conda_env="x")
    found = survey(config, host(identity=NEWONE, **MANTID))
    assert found.problems == ()
    assert found.instrument == Instrument(name="NEWONE", short_name="NEW", facility="SNS")
    assert found.mantid == "6.11.0, /env/mantid"
    named = survey(replace(config, instrument="newone"), host(identity=NEWONE, **MANTID))
    assert named.instrument == found.instrument


def test_an_instrument_of_the_table_that_mantid_names_has_its_beamline(scripts: Path) -> None:
    identity = replace(NEWONE, name="POWGEN", short_name="PG3")
    assert survey(Config(script_dir=scripts, conda_env="x"), host(identity=identity, **MANTID)).instrument == POWGEN


def test_where_mantid_does_not_answer_its_properties_do(scripts: Path) -> None:
    silent = Identity(problem="gave no answer within 30 s")
    config = Config(script_dir=scripts, conda_env="x")
    found = survey(config, host(identity=silent, properties=("default.instrument = POWGEN",), **MANTID))
    assert (found.instrument, found.problems) == (POWGEN, ())
    assert found.warnings[0] == "Mantid does not say which instrument this is: gave no answer within 30 s"
    nobody, silence = problems_of(config, host(identity=silent, **MANTID))
    assert nobody.startswith("no instrument: ")
    assert silence.endswith("gave no answer within 30 s")


def test_a_name_from_mantid_does_not_lead_out_of_the_directory(scripts: Path) -> None:
    identity = replace(NEWONE, short_name="../../etc")
    config = Config(script_dir=scripts, conda_env="x")
    assert survey(config, host(identity=identity, **MANTID)).instrument is None


def test_what_only_another_mantid_knows_is_left_to_the_next_process(scripts: Path) -> None:
    """Parked in the system's python, the environment mended in the configuration, which names no instrument."""
    config = Config(script_dir=scripts, conda_env="mantid")
    found = survey(config, host(launched=Launched(config="another", problem="environment mntid cannot be used")))
    assert (found.instrument, found.problems) == (None, ())
    assert found.relaunch


def test_the_interpreter_named_outright_runs_mantid(scripts: Path) -> None:
    config = Config(instrument="PG3", script_dir=scripts, conda_env="/opt/bin/python")
    assert survey(config, host()).interpreter == "/opt/bin/python"
    launched = Launched(config=fingerprint(config))
    assert survey(config, host(launched=launched)).interpreter == sys.executable  # it has become that python


def test_missing_packages_are_named_with_the_command_that_installs_them(scripts: Path) -> None:
    config = Config(instrument="PG3", script_dir=scripts)
    (problem,) = problems_of(config, host(missing=("scipp", "h5py")))
    assert problem.startswith("engine builtin needs scipp, h5py")
    assert problem.endswith(how_to_install("builtin", sys.executable))


def test_a_stream_that_the_builtin_engine_does_not_speak(tmp_path: Path) -> None:
    (tmp_path / "reduce_ENGINX_live_proc.py").write_text("pass\n")
    (problem,) = problems_of(Config(instrument="ENGIN-X_EVENT", script_dir=tmp_path))
    assert problem.startswith("instrument ENGIN-X_EVENT streams isis-event://NDXENGINX:10000")
    assert problems_of(Config(instrument="ENGIN-X_EVENT", script_dir=tmp_path, source="adara://h:1")) == []


def test_a_file_must_be_there_and_readable(scripts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.nxs"
    config = Config(instrument="POWGEN", script_dir=scripts, source=file_url(str(path)))
    assert problems_of(config) == [f"source {path} cannot be read: No such file or directory"]
    path.write_bytes(b"")
    assert problems_of(config) == []
    resolved = complete(survey(config, host()))
    assert resolved.source_ends
    path.write_bytes(b"another")
    assert complete(survey(config, host())).source_seen != resolved.source_seen
    with monkeypatch.context() as without:
        without.setattr(os, "access", lambda *_: False)  # root may read anything
        assert problems_of(config)[0] == f"source {path} cannot be read: no permission"
        assert f"source {path} cannot be read: no permission" not in problems_of(config, host(of_another_user=True))
    path.unlink()
    os.mkfifo(path)
    assert problems_of(config) == [f"source {path} cannot be read: it is neither a file nor a folder"]


def test_mantid_reads_no_file(scripts: Path, tmp_path: Path) -> None:
    config = Config(instrument="POWGEN", script_dir=scripts, engine="mantid", source=file_url(str(tmp_path)))
    assert problems_of(config, host(mantid="/opt/mantid")) == [
        f'source file://{tmp_path}: the engine mantid reads adara://HOST:PORT; to read a file, set "engine": "builtin"'
    ]


def test_no_instrument_and_an_unknown_one() -> None:
    (problem,) = problems_of(Config())
    assert problem.startswith("no instrument")
    (problem,) = problems_of(Config(instrument="POWGENN"))
    assert problem.startswith("unknown instrument")


def test_nothing_is_concluded_from_a_key_that_was_refused(scripts: Path) -> None:
    config = Config(instrument="POWGEN", script_dir=scripts)
    everything = frozenset({"instrument", "engine", "script_dir", "runtime_dir", "state_dir"})
    found = survey(Config(), host(mantid="/opt/mantid"), everything)
    assert found.problems == ()
    assert (found.verdict, found.instrument, found.script_dir, found.scripts) == (None, None, None, None)
    assert (found.runtime_dir, found.state_dir) == (None, None)
    assert problems_of(Config(script_dir=scripts), bad_keys=frozenset({"instrument"})) == []
    assert problems_of(config, bad_keys=frozenset({"script_dir"})) == []
    assert problems_of(Config(instrument="NOPE"), bad_keys=frozenset({"source", "script_dir"})) == []


def test_a_directory_without_permission(scripts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: object, mode: int) -> bool:  # root may write anywhere
        return False

    monkeypatch.setattr(os, "access", refuse)
    found: Survey = survey(Config(instrument="PG3", script_dir=scripts), host(cwd=scripts))
    assert [problem.partition(":")[2] for problem in found.problems] == [f" no permission to write in {scripts}"] * 2
