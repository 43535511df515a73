"""What every live listener has."""

from enum import StrEnum

from mantid._double.record import record
from mantid._double.stream import Plan, read_plan
from mantid._live import waiting
from mantid._live.wire import Wire
from mantid.api.properties import Property
from mantid.api.workspaces import Workspace


class Status(StrEnum):
    """Where the run is; BeginRun and EndRun are the edges."""

    NO_RUN = "NoRun"
    BEGIN_RUN = "BeginRun"
    RUNNING = "Running"
    END_RUN = "EndRun"


class NotYet(Exception):
    """Call again soon."""


class LiveListener:
    """Base of the listeners: `extract` never gives None, and any exception but `NotYet` ends the caller."""

    BUFFERS_EVENTS = True
    SUPPORTS_HISTORY = False
    NEEDS_STREAM = True

    def __init__(self) -> None:
        self.wire = Wire(Plan())
        self.settings: dict[str, Property] = {declared.name: declared for declared in self.own_properties()}
        self.instrument = ""

    @classmethod
    def name(cls) -> str:
        return cls.__name__

    @staticmethod
    def own_properties() -> list[Property]:
        """The listener's own properties, which StartLiveData takes on."""
        return []

    def connect(self, address: str) -> None:
        """Open the stream that the environment describes.

        Raises
        ------
        RuntimeError
            The server refuses, or there is no description.
        """
        plan = read_plan()
        if plan is None and self.NEEDS_STREAM:
            raise RuntimeError(self._unable(address, "nobody listens (LIVEREDUCE_DOUBLE_STREAM is not set)"))
        plan = plan or Plan()
        while plan.connect == "hang":
            waiting.sleep(1.0)
        record("connect", listener=self.name(), address=address, accepted=plan.connect == "ok")
        if plan.connect == "refused":
            raise RuntimeError(self._unable(address, "Connection refused"))
        self.wire = self.make_wire(plan, address)
        self.connected(plan)

    def make_wire(self, plan: Plan, address: str) -> Wire:
        """Where items come from."""
        return Wire(plan)

    def _unable(self, address: str, reason: str) -> str:
        return f"Unable to connect listener [{self.name()}] to [{address}]: {reason}"

    def connected(self, plan: Plan) -> None:
        """The connection stands."""

    def start(self, start_ns: int) -> None:
        """Begin, at a time in nanoseconds since 1990."""
        record("start", listener=self.name(), start_ns=start_ns)
        self.wire.begin(start_ns)

    def extract(self) -> Workspace:
        """Everything since the last call.

        Raises
        ------
        NotYet
            Nothing to give now, but later.
        """
        raise NotImplementedError

    def data_reset(self) -> bool:
        """Whether what was given before is no longer valid; asking clears it. Nobody here sets it."""
        return False

    def take_status(self) -> Status:
        """The run status, asked once after each `extract`; in the classic listeners this has effects."""
        return Status.RUNNING

    def run_number(self) -> int:
        return 0

    def close(self) -> None:
        """Let go of the connection and of the thread."""
        self.wire.close()
        record("close", listener=self.name())
