"""Mantid's enumerations, and lists that scripts make under C++'s names."""

from enum import IntEnum


class PropertyCriterion(IntEnum):
    """When a property is shown in a window."""

    IsDefault, IsNotDefault, IsEqualTo, IsNotEqualTo, IsMoreOrEqual = range(5)


class LogicOperator(IntEnum):
    """Operators that join two such criteria."""

    And, Or, Xor = range(3)


class CompositeRelation(IntEnum):
    """Operators that join validators."""

    AND, OR = range(2)


class DeltaEModeType(IntEnum):
    """Modes of energy transfer: the energy that is fixed."""

    Elastic, Direct, Indirect, Undefined = range(4)


class EventType(IntEnum):
    """The type of the events of a spectrum."""

    TOF, WEIGHTED, WEIGHTED_NOTIME = range(3)


class OptionalBoolValue(IntEnum):
    """A flag that may be left open."""

    Unset, TRUE, FALSE = range(3)


class SpecialCoordinateSystem(IntEnum):
    """The frame of a multi-dimensional workspace."""

    NONE, QLab, QSample, HKL = range(4)


class StdVector(list[object]):
    """A vector of C++: a list."""


std_vector_dbl = std_vector_int = std_vector_str = std_vector_long = std_vector_bool = std_vector_size_t = StdVector
std_vector_v3d = std_vector_dateandtime = std_vector_quat = StdVector
std_set_int = std_set_str = set
