"""``PropertyManager`` and ``PropertyManagerDataService``: named values that one algorithm leaves to another.

``AlignAndFocusPowder`` finds its settings there under the name that ``PDDetermineCharacterizations`` was given. They
live as long as the worker, as in Mantid.
"""

from collections.abc import Iterator, MutableMapping
from typing import Any

from livereduce.base.names import missing


class ManagedValue:
    """A value in a `PropertyManager`."""

    def __init__(self, name: str, value: Any) -> None:
        self.name = name
        self.value = value
        self.units = ""

    @property
    def valueAsStr(self) -> str:
        """The value as a text."""
        if isinstance(self.value, list | tuple):
            return ",".join(str(one) for one in self.value)
        return str(self.value)


class PropertyManager(MutableMapping[str, ManagedValue]):
    """Values by name: ``manager["frequency"].value``."""

    def __init__(self) -> None:
        self._values: dict[str, ManagedValue] = {}

    def declareProperty(self, name: str, value: Any = None, *more: Any, **unused: Any) -> None:  # noqa: ARG002
        """Add a value."""
        self[name] = value

    def setProperty(self, name: str, value: Any) -> None:
        """Set a value."""
        self[name] = value

    def setPropertyValue(self, name: str, value: str) -> None:
        """Set a value that is given as a text."""
        self[name] = value

    def getProperty(self, name: str) -> ManagedValue:
        """The property of a name."""
        return self[name]

    def getPropertyValue(self, name: str) -> str:
        """A value as a text."""
        return self[name].valueAsStr

    def existsProperty(self, name: str) -> bool:
        """True if there is a value of this name."""
        return name in self._values

    has_key = existsProperty

    def propertyCount(self) -> int:
        """Number of values."""
        return len(self)

    def getProperties(self) -> list[ManagedValue]:
        """All properties."""
        return list(self._values.values())

    def __getitem__(self, name: str) -> ManagedValue:
        if name not in self._values:
            raise RuntimeError(f"PropertyManager: {missing('property', name, self._values)}")
        return self._values[name]

    def __setitem__(self, name: str, value: Any) -> None:
        held = value.value if hasattr(value, "value") and hasattr(value, "name") else value
        self._values[name] = ManagedValue(name, held)

    def __delitem__(self, name: str) -> None:
        self._values.pop(name, None)

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._values))

    def __len__(self) -> int:
        return len(self._values)


class PropertyManagerDataServiceImpl(MutableMapping[str, PropertyManager]):
    """Property managers by name."""

    def __init__(self) -> None:
        self._managers: dict[str, PropertyManager] = {}

    def Instance(self) -> "PropertyManagerDataServiceImpl":
        """The service itself."""
        return self

    def doesExist(self, name: str) -> bool:
        """True if there is a manager of this name."""
        return name in self._managers

    def retrieve(self, name: str) -> PropertyManager:
        """The manager of a name.

        Raises
        ------
        KeyError
            There is none.
        """
        return self[name]

    def add(self, name: str, manager: Any) -> None:
        """Add a manager under a name that is free.

        Raises
        ------
        RuntimeError
            The name is taken.
        """
        if name in self._managers:
            raise RuntimeError(f"a property manager named {name!r} exists already; addOrReplace would replace it")
        self[name] = manager

    def addOrReplace(self, name: str, manager: Any) -> None:
        """Put a manager, or a dictionary, under a name."""
        self[name] = manager

    def remove(self, name: str) -> None:
        """Forget a manager; one that does not exist is no error."""
        self._managers.pop(name, None)

    def clear(self) -> None:
        """Forget all."""
        self._managers.clear()

    def getObjectNames(self, contain: str = "") -> list[str]:
        """All names, or those that contain a text."""
        return [name for name in self._managers if contain in name]

    def size(self) -> int:
        """Number of managers."""
        return len(self)

    def __getitem__(self, name: str) -> PropertyManager:
        if name not in self._managers:
            raise KeyError(missing("property manager", name, self._managers))
        return self._managers[name]

    def __setitem__(self, name: str, manager: Any) -> None:
        if not isinstance(manager, PropertyManager):
            values, manager = dict(manager), PropertyManager()
            for key, value in values.items():
                manager[key] = value
        self._managers[name] = manager

    def __delitem__(self, name: str) -> None:
        if name not in self._managers:
            raise KeyError(missing("property manager", name, self._managers))
        del self._managers[name]

    def __contains__(self, name: object) -> bool:
        return name in self._managers

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._managers))

    def __len__(self) -> int:
        return len(self._managers)


PropertyManagerDataService = pmds = PropertyManagerDataServiceImpl()
