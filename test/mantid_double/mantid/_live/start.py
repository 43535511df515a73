"""StartLiveData: validates, connects, runs one cycle in the foreground, launches the monitor."""

from mantid._double.record import record
from mantid._live.catalogue import connect_listener, make_listener
from mantid._live.listener import LiveListener
from mantid._live.load import LoadLiveData
from mantid._live.monitor import MonitorLiveData
from mantid._live.properties import common_properties, copy_properties, validate_live
from mantid.api.algorithm import Algorithm
from mantid.api.factory import subscribe
from mantid.api.manager import AlgorithmManager
from mantid.api.properties import OUT, Property
from mantid.kernel import DateAndTime

SENTINELS_NS = {"FromNow": 0, "FromStartOfRun": 1_000_000_000}
"""Start times that are none."""
MODES = ("FromNow", "FromStartOfRun", "FromTime")


@subscribe
class StartLiveData(Algorithm):
    """When it returns, the first chunk has been fetched, processed, accumulated and post-processed."""

    CATEGORY = "DataHandling\\LiveData"

    def __init__(self) -> None:
        super().__init__()
        self._listener: LiveListener | None = None

    def declare(self) -> list[Property]:
        return [
            Property("FromNow", "bool", True),
            Property("FromStartOfRun", "bool", False),
            Property("FromTime", "bool", False),
            Property("UpdateEvery", "float", 60.0),
            *common_properties(),
            Property("MonitorLiveData", "algorithm", None, direction=OUT),
        ]

    def validateInputs(self) -> dict[str, str]:
        return validate_live(self)

    def changed(self, name: str) -> None:
        """Instrument, Listener and Connection bring the listener's own properties with them."""
        if name not in ("Instrument", "Listener", "Connection"):
            return
        for old in [known for known, declared in self._properties.items() if declared.group == "ListenerProperties"]:
            del self._properties[old]
        try:
            listener = make_listener(self)
        except RuntimeError:
            return
        self._properties |= listener.settings

    def exec(self) -> None:
        start_ns = self._start_time()
        self._record()
        self._listener = connect_listener(self, start_ns)
        if start_ns and self._listener.BUFFERS_EVENTS and not self._listener.SUPPORTS_HISTORY:
            self._logger.error("The listener does not support history: going on with now.")
        self._load()
        if float(self.getProperty("UpdateEvery").value) > 0:
            self._launch()

    def _record(self) -> None:
        given = {name: known.valueAsStr for name, known in self._properties.items() if known.given}
        record("StartLiveData", properties=given)

    def _start_time(self) -> int:
        """Exactly one mode; nanoseconds since 1990 for the listener."""
        chosen = [mode for mode in MODES if self.getProperty(mode).value]
        if len(chosen) != 1:
            raise RuntimeError("Please check exactly one of FromNow, FromTime, FromStartOfRun.")
        if chosen[0] == "FromTime":
            start_ns = DateAndTime(str(self.getProperty("StartTime").value)).totalNanoseconds()
            if start_ns > DateAndTime.getCurrentTime().totalNanoseconds():
                self._logger.error("Requested start time is in the future. Resetting to current time.")
                return 0
            return start_ns
        start_ns = SENTINELS_NS[chosen[0]]
        self.setProperty("StartTime", str(DateAndTime(start_ns)))
        return start_ns

    def _load(self) -> None:
        """The first cycle: a child that does not store, always Replace.

        Mantid stores when StartLiveData finishes, beside a monitor that has just been launched; here it is
        before that, so that a short cycle cannot be overtaken by the first result.
        """
        child = self.create_child(LoadLiveData())
        assert isinstance(child, LoadLiveData)
        copy_properties(self, child)
        child.listener = self._listener
        child.setProperty("AccumulationMethod", "Replace")
        child.execute()
        for name in ("OutputWorkspace", "AccumulationWorkspace"):
            self.getProperty(name).held = child.getProperty(name).held
        self.setProperty("LastTimeStamp", child.getPropertyValue("LastTimeStamp"))
        self._store_outputs()

    def _launch(self) -> None:
        """The monitor is managed, gets all values by copy and the listener itself."""
        monitor = AlgorithmManager.create("MonitorLiveData")
        assert isinstance(monitor, MonitorLiveData)
        copy_properties(self, monitor)
        monitor.listener, self._listener = self._listener, None
        try:
            self.interruption_point()
        except BaseException:
            monitor.released()
            raise
        monitor.executeAsync()
        self.setProperty("MonitorLiveData", monitor)

    def released(self) -> None:
        """After a failure, or with UpdateEvery 0, the listener goes with the algorithm."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
