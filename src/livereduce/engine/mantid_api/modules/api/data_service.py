"""``AnalysisDataService``, also called ``mtd``: the store of the script's call that is running."""

from collections.abc import Iterator
from typing import Any

from livereduce.engine.mantid_api.session import current_store


class AnalysisDataServiceImpl:
    """Stands for `current_store`: a module of a site imports it once, and uses it in every call."""

    def __getattr__(self, name: str) -> Any:
        return getattr(current_store(), name)

    def __getitem__(self, name: str) -> Any:
        return current_store()[name]

    def __setitem__(self, name: str, workspace: Any) -> None:
        current_store()[name] = workspace

    def __delitem__(self, name: str) -> None:
        del current_store()[name]

    def __contains__(self, name: object) -> bool:
        return name in current_store()

    def __iter__(self) -> Iterator[str]:
        return iter(current_store())

    def __len__(self) -> int:
        return len(current_store())

    def __repr__(self) -> str:
        return repr(current_store())

    def Instance(self) -> "AnalysisDataServiceImpl":
        """The service itself."""
        return self


AnalysisDataService = mtd = AnalysisDataServiceImpl()
