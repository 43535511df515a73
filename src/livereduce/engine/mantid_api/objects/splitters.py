"""Mantid's SplittersWorkspace: a table of spans of time in ns since 1990, and of the slice that each belongs to."""

from collections.abc import Iterable

from livereduce.engine.mantid_api.objects.table import TableWorkspace


class SplittersWorkspace(TableWorkspace):
    """The table that GenerateEventsFilter makes."""

    def __init__(self, name: str = "", title: str = "", comment: str = "") -> None:
        super().__init__(name, title, comment)
        for kind, column in (("long64", "start"), ("long64", "stop"), ("int", "workspacegroup")):
            self.addColumn(kind, column)

    @classmethod
    def of_spans(cls, spans: Iterable[tuple[int, int, int]], title: str) -> "SplittersWorkspace":
        """A table of (start, stop, slice)."""
        table = cls(title=title)
        for span in spans:
            table.addRow(span)
        return table

    def id(self) -> str:
        """Mantid's name of this kind."""
        return "SplittersWorkspace"
