"""Settings, log and properties as scripts use them, in scripts that the engine runs."""

import logging
from pathlib import Path

import pytest

from helpers.calling import error_of, reduced_by
from livereduce.engine.mantid_api.modules.kernel.config_service import ConfigServiceImpl
from livereduce.engine.mantid_api.modules.kernel.property_managers import PropertyManager


def test_what_a_script_says_goes_to_the_log_with_its_level(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    reduced_by(
        tmp_path,
        "import mantid\nfrom mantid.kernel import Logger\n"
        "mantid.logger.information('hello ' + str(input.getNumberEvents()))\n"
        "log = Logger('my reduction')\nlog.error('bad')\nlog.warning(5)\nlog.debug('fine')\nlog.notice('so')\n"
        "log.accumulate('kept')\nlog.purge()\nlog.flush()\nlog.fatal('100% dead')\n",
    )
    said = {(one.name, one.levelname, one.getMessage()) for one in caplog.records if one.name.startswith("mantid")}
    assert said == {
        ("mantid", "INFO", "hello 2"),
        ("mantid.my reduction", "ERROR", "bad"),
        ("mantid.my reduction", "WARNING", "5"),
        ("mantid.my reduction", "DEBUG", "fine"),
        ("mantid.my reduction", "INFO", "so"),
        ("mantid.my reduction", "CRITICAL", "100% dead"),
    }


def test_settings_know_the_instrument_and_keep_what_a_script_sets(tmp_path: Path) -> None:
    reduced_by(
        tmp_path,
        "from mantid import config\nfrom mantid.kernel import ConfigService, amend_config\n"
        "assert config is ConfigService.Instance()\n"
        "assert config['default.instrument'] == 'POWGEN' and config['default.facility'] == 'SNS'\n"
        "assert config.getInstrument().shortName() == 'PG3' and config.getInstrument('NOM').name() == 'NOMAD'\n"
        "assert config.getFacility().name() == 'SNS' and config.getInstrument('HB2B').facility().name() == 'HFIR'\n"
        "assert config['no.such.key'] == ''\n"
        "config.setDataSearchDirs('/a;/b')\nconfig.appendDataSearchDir('/c')\nconfig.appendDataSearchDir('/c')\n"
        "assert config.getDataSearchDirs() == ['/a', '/b', '/c']\n"
        "with amend_config(data_dir='/d', instrument='NOMAD'):\n"
        "    assert config.getInstrument().shortName() == 'NOM' and '/d' in config.getDataSearchDirs()\n"
        "assert config.getDataSearchDirs() == ['/a', '/b', '/c']\n"
        "config['my.key'] = 'mine'\nconfig.setLogLevel('warning', quiet=True)\nconfig.setLogLevel(4)\n",
        "assert config['my.key'] == 'mine'\n",
    )


def test_settings_begin_with_those_of_mantids_files(tmp_path: Path) -> None:
    (tmp_path / ".mantid").mkdir()
    (tmp_path / ".mantid" / "Mantid.user.properties").write_text(
        "datasearch.directories = /x;/y\ndefault.facility=HFIR"
    )
    settings = ConfigServiceImpl()
    settings.reset(tmp_path, "CG2")
    assert settings.getDataSearchDirs() == ["/x", "/y"]
    assert settings["default.facility"] == "HFIR"


def test_an_unknown_instrument_is_an_error_with_the_nearest(tmp_path: Path) -> None:
    error = error_of(tmp_path, "ConfigService.getInstrument('POWGN')")
    assert "no instrument named 'POWGN'; did you mean 'POWGEN'?" in error


def test_a_level_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    assert "expected one of fatal" in error_of(tmp_path, "ConfigService.setLogLevel('loud')")


def test_one_script_leaves_properties_to_the_other(tmp_path: Path) -> None:
    reduced_by(
        tmp_path,
        "from mantid import PropertyManagerDataService\nfrom mantid.kernel import PropertyManager\n"
        "manager = PropertyManager()\nmanager['d_min'] = [0.5, 1.0]\nmanager.declareProperty('name', 'van')\n"
        "PropertyManagerDataService.addOrReplace('__pd_reduction_properties', manager)\n"
        "PropertyManagerDataService.add('x', {'a': 1})\nassert pmds.retrieve('x').getPropertyValue('a') == '1'\n"
        "pmds.remove('x')\nassert not pmds.doesExist('x') and pmds.size() == 1\n",
        "from mantid.kernel import PropertyManagerDataService as pmds\n"
        "assert pmds.doesExist('__pd_reduction_properties')\nmanager = pmds['__pd_reduction_properties']\n"
        "assert manager['d_min'].value == [0.5, 1.0] and manager.getProperty('d_min').valueAsStr == '0.5,1.0'\n"
        "assert 'name' in manager and manager.keys() == {'d_min', 'name'}\n",
    )


def test_a_property_that_is_not_there_is_an_error_with_the_nearest() -> None:
    manager = PropertyManager()
    manager["frequency"] = 60
    with pytest.raises(RuntimeError, match="did you mean 'frequency'"):
        manager.getProperty("Frequenzy")


def test_times_and_vectors_are_those_of_workspaces(tmp_path: Path) -> None:
    reduced_by(
        tmp_path,
        "from mantid.kernel import DateAndTime, V3D\n"
        "assert DateAndTime('2020-01-01T00:00:01') - DateAndTime('2020-01-01') is not None\n"
        "assert V3D(1, 2, 3).Z() == 3.0\n",
    )
