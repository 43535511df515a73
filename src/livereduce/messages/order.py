"""Orders of the daemon to its worker: lines on a descriptor of their own."""

STOP = "stop"
"""Order: finish the step, publish, exit 0."""

RECYCLE = "recycle"
"""Order: the same, but exit `ExitCode.RECYCLED`, because a new worker is to take over."""

TRIM = "trim"
"""Order: give freed memory back to the system, between two steps. A receiver gives up what its worker is done with."""

RENEW = "renew"
"""Order: exit `ExitCode.RECYCLED` after the present step, without a last reduction: the receiver holds what is pending,
and the next worker reduces it."""
