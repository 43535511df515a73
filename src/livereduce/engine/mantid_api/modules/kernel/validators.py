"""Mantid's validators of properties: each says what is wrong with a value, or nothing.

Those about the contents of a workspace accept all here: the algorithm that reads it says what it cannot use.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from livereduce.engine.mantid_api.calling.values import EMPTY_DBL, EMPTY_INT


class AnyValue:
    """Accepts all; the limits of a validator that is not followed here are kept unread."""

    def __init__(self, *limits: Any, **named: Any) -> None:
        self.limits, self.named = limits, named

    def isValid(self, value: Any) -> str:  # noqa: ARG002
        """Empty: nothing is wrong."""
        return ""


class Mandatory:
    """Refuses an empty value."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def isValid(self, value: Any) -> str:
        """Sentence on an empty value; empty for another."""
        if isinstance(value, int | float):
            return "a value must be given" if value in (EMPTY_DBL, EMPTY_INT) else ""
        return "a value must be given" if value is None or len(value) == 0 else ""


class Bounded:
    """Refuses numbers beyond limits."""

    def __init__(self, lower: Any = None, upper: Any = None, exclusive: bool = False, **__: Any) -> None:
        self._lower, self._upper = lower, upper
        self._exclusive_lower = self._exclusive_upper = exclusive

    def setLower(self, value: Any) -> None:
        """Set the lower limit."""
        self._lower = value

    def setUpper(self, value: Any) -> None:
        """Set the upper limit."""
        self._upper = value

    def setBounds(self, lower: Any, upper: Any) -> None:
        """Set both limits."""
        self._lower, self._upper = lower, upper

    def setLowerExclusive(self, exclusive: bool) -> None:
        """Say whether the lower limit itself is refused."""
        self._exclusive_lower = exclusive

    def setUpperExclusive(self, exclusive: bool) -> None:
        """Say whether the upper limit itself is refused."""
        self._exclusive_upper = exclusive

    def lower(self) -> Any:
        """The lower limit."""
        return self._lower

    def upper(self) -> Any:
        """The upper limit."""
        return self._upper

    def isValid(self, value: Any) -> str:
        """Sentence on the first number that is beyond a limit; empty if none is."""
        for one in value if isinstance(value, Iterable) and not isinstance(value, str) else [value]:
            if self._lower is not None and (one < self._lower or (self._exclusive_lower and one == self._lower)):
                return f"{one} is below the limit of {self._lower}"
            if self._upper is not None and (one > self._upper or (self._exclusive_upper and one == self._upper)):
                return f"{one} is above the limit of {self._upper}"
        return ""


class OneOf:
    """Refuses a value that is not on a list."""

    def __init__(self, allowed: Iterable[Any] = ()) -> None:
        self._allowed = list(allowed)

    def addAllowedValue(self, value: Any) -> None:
        """Add to the list."""
        self._allowed.append(value)

    @property
    def allowedValues(self) -> list[Any]:
        """The list."""
        return self._allowed

    def isValid(self, value: Any) -> str:
        """Sentence on a value that is not on the list."""
        return "" if value in self._allowed else f"{value!r} is not one of {', '.join(map(str, self._allowed))}"


class ArrayLength:
    """Refuses arrays that are too short or too long."""

    def __init__(self, *lengths: int, lenmin: int | None = None, lenmax: int | None = None, length: Any = None) -> None:
        given = lengths or ((length,) if length is not None else (lenmin, lenmax))
        self._least, self._most = given[0], given[-1]

    def isValid(self, value: Sequence[Any]) -> str:
        """Sentence on an array of a wrong length."""
        if self._least is not None and len(value) < self._least:
            return f"{len(value)} values are too few: at least {self._least} are needed"
        if self._most is not None and len(value) > self._most:
            return f"{len(value)} values are too many: at most {self._most} are allowed"
        return ""


class CompositeValidator:
    """Several validators, of which each must agree."""

    def __init__(self, validators: Iterable[Any] = (), relation: Any = None) -> None:  # noqa: ARG002
        self._validators = list(validators)

    def add(self, validator: Any) -> None:
        """Add a validator."""
        self._validators.append(validator)

    def isValid(self, value: Any) -> str:
        """What the first one says that refuses the value."""
        return next((text for one in self._validators if (text := one.isValid(value))), "")


FloatBoundedValidator = IntBoundedValidator = FloatArrayBoundedValidator = IntArrayBoundedValidator = Bounded
FloatMandatoryValidator = IntMandatoryValidator = StringMandatoryValidator = Mandatory
FloatArrayMandatoryValidator = IntArrayMandatoryValidator = StringArrayMandatoryValidator = Mandatory
FloatArrayLengthValidator = IntArrayLengthValidator = StringArrayLengthValidator = ArrayLength
StringListValidator = IntListValidator = OneOf
StringContainsValidator = RebinParamsValidator = NullValidator = PythonObjectTypeValidator = AnyValue
FloatArrayOrderedPairsValidator = IntArrayOrderedPairsValidator = AnyValue
CommonBinsValidator = HistogramValidator = InstrumentValidator = RawCountValidator = SpectraAxisValidator = AnyValue
WorkspaceUnitValidator = MatrixWorkspaceValidator = NumericAxisValidator = ExperimentInfoValidator = AnyValue
OrientedLatticeValidator = ADSValidator = AnyValue
EnabledWhenProperty = VisibleWhenProperty = AnyValue
