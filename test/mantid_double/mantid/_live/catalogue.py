"""Which listener an algorithm means: its class by name, its connection."""

from mantid._live.fake import FakeEventDataListener, FileEventDataListener
from mantid._live.isis import ISISHistoDataListener, ISISLiveEventDataListener, KafkaEventListener
from mantid._live.listener import LiveListener
from mantid._live.sns import SNSLiveEventDataListener
from mantid.api.algorithm import Algorithm
from mantid.kernel import ConfigService

LISTENERS: dict[str, type[LiveListener]] = {
    listener.__name__: listener
    for listener in (
        SNSLiveEventDataListener,
        ISISHistoDataListener,
        ISISLiveEventDataListener,
        FakeEventDataListener,
        FileEventDataListener,
        KafkaEventListener,
    )
}


def make_listener(algorithm: Algorithm) -> LiveListener:
    """An unconnected listener from the properties Instrument, Connection and Listener.

    Raises
    ------
    RuntimeError
        The instrument is unknown, or the connection of that name.
    """
    name = str(algorithm.getProperty("Listener").value)
    instrument = str(algorithm.getProperty("Instrument").value)
    if not name:
        info = ConfigService.getInstrument(instrument)
        name = info.liveListener(str(algorithm.getProperty("Connection").value))
    made = LISTENERS[name]()
    made.instrument = instrument
    return made


def connect_listener(algorithm: Algorithm, start_ns: int) -> LiveListener:
    """The same, with the algorithm's values of its own properties, connected and started."""
    made = make_listener(algorithm)
    for name, own in made.settings.items():
        if name in algorithm and algorithm.getProperty(name).given:
            own.set(algorithm.getProperty(name).value)
    made.connect(_address(algorithm))
    made.start(start_ns)
    return made


def _address(algorithm: Algorithm) -> str:
    given = str(algorithm.getProperty("Address").value)
    instrument = str(algorithm.getProperty("Instrument").value)
    return given or ConfigService.getInstrument(instrument).liveDataAddress(
        str(algorithm.getProperty("Connection").value)
    )
