"""The error of a call that cannot be done."""


class RefusedCall(ValueError, RuntimeError):
    """A wrong or missing argument, or data that do not fit.

    Mantid raises ValueError or RuntimeError, depending on which of its checks finds the mistake; a script that catches
    either of them catches this.
    """
