"""Algorithms on tables."""

from livereduce.catalog.declaration import Algorithm, Argument, ArgumentKind, integers, makes, text

CREATE_EMPTY_TABLE = Algorithm(
    name="CreateEmptyTableWorkspace",
    summary="Make a table without columns",
    source="Mantid docs/source/algorithms/CreateEmptyTableWorkspace-v1.rst",
    family="tables",
    arguments=(makes(), text("Title")),
)
DELETE_TABLE_ROWS = Algorithm(
    name="DeleteTableRows",
    summary="Remove rows of a table; numbers that it does not have are no error",
    source="Mantid docs/source/algorithms/DeleteTableRows-v1.rst; Framework/DataHandling/src/DeleteTableRows.cpp",
    family="tables",
    arguments=(Argument(name="TableWorkspace", kind=ArgumentKind.CHANGES_ANY), integers("Rows")),
)

ALGORITHMS = (CREATE_EMPTY_TABLE, DELETE_TABLE_ROWS)
