"""Which way of counting is the fastest here: tried on the first events, and remembered by the process.

Nothing is timed beside the work: what is tried counts, too. A trial on invented events would take 50 ms of each start
and know neither the order of a real stream nor what else the machine does; a remembered one would be another machine's
after a change of the virtual machine, the kernel, or the neighbours.
"""

from dataclasses import dataclass, field
from enum import Enum

from livereduce.base.machine import Caches

TRIAL_EVENTS = 1 << 20
"""Events counted in each way before one is preferred: some ten milliseconds."""
FEW_EVENTS = 1 << 16
"""Fewer at a time are counted before a thread has started."""
TRIES_AGAIN = 64
"""After so many choices the others are tried again: a stream, and what else a machine does, change."""
REMEMBERED_EVENTS = 1 << 26
"""What is longer ago counts half."""


class Form(Enum):
    """A way of counting events in cells."""

    DIRECT = "one thread, straight into the cells"
    COPIES = "each thread into cells of its own, added up in the end"
    BLOCKS = "events wait for their block of cells; each thread counts blocks of its own"


@dataclass(slots=True)
class _Cost:
    events: float = 0
    seconds: float = 0

    def add(self, events: int, seconds: float) -> None:
        if self.events > REMEMBERED_EVENTS:
            self.events, self.seconds = self.events / 2, self.seconds / 2
        self.events, self.seconds = self.events + events, self.seconds + seconds

    @property
    def per_event_s(self) -> float:
        return self.seconds / self.events if self.events else 0.0


def possible_forms(cell_bytes: int, events: int, threads: int, caches: Caches) -> tuple[Form, ...]:
    """The ways that may be the fastest for cells of this size; the first one if nothing is known."""
    is_near = cell_bytes <= caches.second_bytes // 2
    if events < FEW_EVENTS or (is_near and threads < 2):
        return (Form.DIRECT,)
    return (Form.DIRECT, Form.COPIES if is_near else Form.BLOCKS)


@dataclass(slots=True)
class Experience:
    """What counting has cost in each form, by the size of the cells in powers of two."""

    _costs: dict[tuple[int, Form], _Cost] = field(default_factory=dict)
    _choices: int = 0

    def choose(self, cell_bytes: int, forms: tuple[Form, ...]) -> Form:
        """A form that has not been tried enough, else the fastest."""
        if len(forms) == 1:
            return forms[0]
        costs = {form: self._cost(cell_bytes, form) for form in forms}
        for form, cost in costs.items():
            if cost.events < TRIAL_EVENTS:
                return form
        fastest = min(forms, key=lambda form: costs[form].per_event_s)
        self._choices += 1
        if self._choices % TRIES_AGAIN == 0:
            return next(form for form in forms if form is not fastest)
        return fastest

    def learn(self, cell_bytes: int, form: Form, events: int, seconds: float) -> None:
        """So many events took so long."""
        self._cost(cell_bytes, form).add(events, seconds)

    def _cost(self, cell_bytes: int, form: Form) -> _Cost:
        return self._costs.setdefault((cell_bytes.bit_length(), form), _Cost())


EXPERIENCE = Experience()
"""That of this process."""
