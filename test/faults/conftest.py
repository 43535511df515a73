"""The fault matrix: its rows run in the background from the first test on; its table is printed at the end."""

from collections.abc import Iterator

import pytest

from helpers.faults import Matrix, Row, table
from helpers.reduced import environ_of

MATRIX = pytest.StashKey[Matrix]()


@pytest.fixture(scope="session")
def matrix(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    chosen = [item.callspec.params.get("row") for item in request.session.items if hasattr(item, "callspec")]
    rows = [row for row in chosen if isinstance(row, Row)]
    matrix = Matrix(tmp_path_factory.mktemp("faults"), environ_of(tmp_path_factory))
    request.config.stash[MATRIX] = matrix
    try:
        matrix.begin(rows)
        yield matrix
    finally:
        matrix.end()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if MATRIX in config.stash:
        matrix = config.stash[MATRIX]
        terminalreporter.section("fault matrix")
        for line in table(list(matrix.outcomes.values()), matrix.wall_s):
            terminalreporter.write_line(line)
