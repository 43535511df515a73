"""``mantid.kernel``: configuration, log, times."""

from mantid.kernel.config import ConfigService, ConfigServiceImpl
from mantid.kernel.facilities import FacilityInfo, InstrumentInfo, LiveListenerInfo
from mantid.kernel.log import Logger, logger
from mantid.kernel.times import DateAndTime
from mantid.kernel.timeseries import FloatTimeSeriesProperty
from mantid.kernel.usage import UsageService

__all__ = [
    "ConfigService",
    "ConfigServiceImpl",
    "DateAndTime",
    "FacilityInfo",
    "FloatTimeSeriesProperty",
    "InstrumentInfo",
    "LiveListenerInfo",
    "Logger",
    "UsageService",
    "config",
    "logger",
    "version_str",
]

config = ConfigService


def version_str() -> str:
    """The version, made up so that nobody takes it for one of Mantid's."""
    return "0.0.0-double"
