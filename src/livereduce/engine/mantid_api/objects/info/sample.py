"""A stand-in for Mantid's Sample: its name and size. The builtin engine knows no more of samples."""


class SampleInBeam:
    """Name and size of what is in the beam."""

    def __init__(self, name: str = "") -> None:
        self._name = name
        self._size = {"thickness": 0.0, "height": 0.0, "width": 0.0}
        self._shape = 0

    def getName(self) -> str:
        """The name; empty if not known."""
        return self._name

    def setName(self, name: str) -> None:
        """Set the name."""
        self._name = str(name)

    def getThickness(self) -> float:
        """Thickness in mm; 0 if not known."""
        return self._size["thickness"]

    def setThickness(self, thickness: float) -> None:
        """Set the thickness in mm."""
        self._size["thickness"] = float(thickness)

    def getHeight(self) -> float:
        """Height in mm; 0 if not known."""
        return self._size["height"]

    def setHeight(self, height: float) -> None:
        """Set the height in mm."""
        self._size["height"] = float(height)

    def getWidth(self) -> float:
        """Width in mm; 0 if not known."""
        return self._size["width"]

    def setWidth(self, width: float) -> None:
        """Set the width in mm."""
        self._size["width"] = float(width)

    def getGeometryFlag(self) -> int:
        """Mantid's number for the shape; 0 if not known."""
        return self._shape

    def setGeometryFlag(self, flag: int) -> None:
        """Set Mantid's number for the shape."""
        self._shape = int(flag)

    def hasOrientedLattice(self) -> bool:
        """False: the builtin engine has no crystal lattices."""
        return False

    def hasEnvironment(self) -> bool:
        """False: sample environments are not known."""
        return False

    def copy(self) -> "SampleInBeam":
        """A sample of its own with the same name and size."""
        twin = SampleInBeam(self._name)
        twin._size, twin._shape = dict(self._size), self._shape
        return twin
