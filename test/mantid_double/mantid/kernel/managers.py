"""PropertyManagerDataService: named collections of values that outlive an algorithm."""

from typing import Any

from mantid.kernel.timeseries import SingleValue


class PropertyManager:
    """Values by name."""

    def __init__(self, values: dict[str, Any] | None = None) -> None:
        self.values = dict(values or {})

    def __getitem__(self, name: str) -> SingleValue:
        return SingleValue(name, self.values[name])

    def __contains__(self, name: str) -> bool:
        return name in self.values


class PropertyManagerDataServiceImpl:
    """The one store of the process."""

    def __init__(self) -> None:
        self._managers: dict[str, PropertyManager] = {}

    def addOrReplace(self, name: str, manager: PropertyManager) -> None:
        self._managers[name] = manager

    def retrieve(self, name: str) -> PropertyManager:
        return self._managers[name]

    def doesExist(self, name: str) -> bool:
        return name in self._managers


PropertyManagerDataService = PropertyManagerDataServiceImpl()
