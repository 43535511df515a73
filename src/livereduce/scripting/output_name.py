"""The name of a script's output, which also stands for the workspace of that name."""

from collections.abc import Mapping
from typing import Any

from livereduce.catalog.wording import output_is_a_name


class OutputName(str):
    """A text, with the attributes of the workspace of that name as soon as there is one.

    Scripts write ``output.getRun()`` after ``Rebin(..., OutputWorkspace=output)``, as pages about live reduction do.
    """

    __slots__ = ("_workspaces",)
    _workspaces: Mapping[str, Any]

    @classmethod
    def among(cls, workspaces: Any, name: str) -> "OutputName":
        """The name in a store of workspaces."""
        made = cls(name)
        made._workspaces = workspaces
        return made

    def __getattr__(self, attribute: str) -> Any:
        """An attribute that a text does not have; AttributeError as long as no workspace has the name."""
        if attribute.startswith("_") or self not in self._workspaces:
            raise AttributeError(output_is_a_name(attribute))
        return getattr(self._workspaces[self], attribute)

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        """A copy, or what another process gets, is a text."""
        return str, (str(self),)
