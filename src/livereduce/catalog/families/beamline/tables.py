"""Algorithms on tables."""

from livereduce.catalog.declaration import Algorithm, changes_any, integers

DELETE_TABLE_ROWS = Algorithm(
    name="DeleteTableRows",
    summary="Remove rows of a table; numbers that it does not have are no error",
    source="Mantid docs/source/algorithms/DeleteTableRows-v1.rst; Framework/DataHandling/src/DeleteTableRows.cpp",
    family="beamline.tables",
    arguments=(changes_any("TableWorkspace"), integers("Rows")),
)

ALGORITHMS = (DELETE_TABLE_ROWS,)
