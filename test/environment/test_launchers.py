"""The launcher for each environment: decided from facts alone."""

import subprocess
from pathlib import Path

import pytest

from livereduce.config.file import Config
from livereduce.environment.launchers import Launchers, Plan, look_for_launchers, pixi_name, plan

SITE = {"mantid": "/usr/local/pixi/mantid/pixi.toml", "mantid_dev": "/usr/local/pixi/mantid_dev/pixi.toml"}


@pytest.mark.parametrize(
    ("config", "launchers", "words", "start"),
    [
        # the site's own launcher is first, and speaks pixi's names
        (Config(), Launchers(wrap="/w", pixi="/p", conda="/c"), "pixi mantid_dev, launched by /w", ("bash", "-c")),
        (Config(conda_env="mantid-qa"), Launchers(wrap="/w"), "pixi mantid_qa, launched by /w", ("bash", "-c")),
        # then pixi, if it has the environment
        (
            Config(conda_env="mantid-dev"),
            Launchers(pixi="/p", conda="/c", manifests=SITE),
            "pixi mantid_dev, launched by /p",
            ("/p", "run", "--frozen", "--manifest-path", "/usr/local/pixi/mantid_dev/pixi.toml", "python"),
        ),
        # then conda, which has the name as it is written
        (
            Config(conda_env="my-dev"),
            Launchers(pixi="/p", conda="/c", micromamba="/m", manifests=SITE),
            "conda my-dev, launched by /c",
            ("/c", "run", "--no-capture-output", "-n", "my-dev", "python"),
        ),
        (
            Config(pixi_env="mantid-dev", conda_env="other"),
            Launchers(micromamba="/m"),
            "conda mantid-dev, launched by /m",
            ("/m", "run", "-n", "mantid-dev", "python"),
        ),
        # then what the path leads to
        (
            Config(conda_env="mantid"),
            Launchers(python="/usr/bin/python3"),
            "mantid, assumed to be active because none of nsd-app-wrap.sh, pixi, conda and micromamba is on the PATH",
            ("/usr/bin/python3",),
        ),
        # and a python that is named outright needs none of them
        (
            Config(conda_env="/opt/env-dev/bin/python"),
            Launchers(wrap="/w", pixi="/p", conda="/c"),
            "python /opt/env-dev/bin/python",
            ("/opt/env-dev/bin/python",),
        ),
    ],
)
def test_the_way_into_an_environment(config: Config, launchers: Launchers, words: str, start: tuple[str, ...]) -> None:
    way = plan(config, launchers)
    assert way.in_words == words
    assert way.command[: len(start)] == start
    assert way.command[-1] in ("python", *start)
    assert way.problem == ""


def test_pixi_env_wins() -> None:
    launchers = Launchers(wrap="/w")
    assert plan(Config(pixi_env="sans", conda_env="mantid-dev"), launchers) == plan(Config(pixi_env="sans"), launchers)


@pytest.mark.parametrize(
    ("name", "of_pixi"),
    [
        ("mantid-dev", "mantid_dev"),
        ("mantid-qa", "mantid_qa"),
        ("my-dev-env", "my-dev-env"),
        ("a-dev-qa", "a-dev_qa"),
        ("mantid_dev", "mantid_dev"),
        ("mantid-next", "mantid-next"),
        ("-dev", "_dev"),
        ("dev", "dev"),
    ],
)
def test_the_name_for_pixi(name: str, of_pixi: str) -> None:
    assert pixi_name(name) == of_pixi


def test_no_way_says_what_was_looked_for_and_what_is_there() -> None:
    way = plan(Config(pixi_env="mantid-next"), Launchers(pixi="/p", python="/usr/bin/python3", manifests=SITE))
    assert way.problem == "environment pixi mantid-next cannot be used: it is not in /usr/local/pixi"
    assert way.found == ("mantid", "mantid_dev")
    assert plan(Config(), Launchers()) == Plan(
        environment="mantid-dev",
        problem="environment mantid-dev cannot be used: none of nsd-app-wrap.sh, pixi, conda and micromamba is on the "
        "PATH, and neither is python",
    )


def test_the_launchers_of_a_host(tmp_path: Path) -> None:
    for name in ("nsd-app-wrap.sh", "pixi", "micromamba", "python3"):
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "conda").write_text("not to be run")
    site = tmp_path / "site"
    for manifest in ("a/pixi.toml", "a/pyproject.toml", "b/pyproject.toml", "c/README"):
        (site / manifest).parent.mkdir(parents=True, exist_ok=True)
        (site / manifest).write_text("")
    assert look_for_launchers({"PATH": str(tmp_path)}, site) == Launchers(
        wrap=str(tmp_path / "nsd-app-wrap.sh"),
        pixi=str(tmp_path / "pixi"),
        micromamba=str(tmp_path / "micromamba"),
        python=str(tmp_path / "python3"),
        manifests={"a": str(site / "a" / "pixi.toml"), "b": str(site / "b" / "pyproject.toml")},
    )
    assert look_for_launchers({"PATH": ""}, tmp_path / "none") == Launchers()


def test_a_wrap_gets_neither_our_arguments_nor_loses_them(tmp_path: Path) -> None:
    """Words with blanks, quotes and glob characters arrive as they are."""
    wrap = tmp_path / "my wrap.sh"
    wrap.write_text('echo "sourced with $#"\npixi_launch() { printf "<%s>" "$@"; }\n')
    way = plan(Config(pixi_env="x"), Launchers(wrap=str(wrap)))
    words = ("a b", "*", "$HOME", "'\"")
    said = subprocess.run([*way.command, *words], capture_output=True, text=True, check=True).stdout
    assert said == "sourced with 0\n<x><python><a b><*><$HOME><'\">"


def test_a_wrap_of_another_kind_is_said_to_be_one(tmp_path: Path) -> None:
    wrap = tmp_path / "wrap.sh"
    wrap.write_text("activate_and_launch() { :; }\n")
    way = plan(Config(), Launchers(wrap=str(wrap)))
    ended = subprocess.run(way.command, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (1, f"{wrap} does not define pixi_launch\n")
