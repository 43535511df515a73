"""A client of Channel Access as a process: aioca on EPICS's own library, another one than the server's.

It answers questions on its standard input, one JSON object a line: ``{"get": PV, "seconds": 5, "text": true}``,
``{"put": PV, "value": 1}``, ``{"watch": PV}``, and ``{"seen": PV}`` for all that came since.
"""

import asyncio
import json
import math
import sys
import time
from typing import Any

from aioca import DBR_CHAR_STR, FORMAT_CTRL, FORMAT_TIME, CANothing, caget, camonitor, caput

SEEN: dict[str, list[dict[str, Any]]] = {}


def plain(value: Any) -> dict[str, Any]:
    if not getattr(value, "ok", True):
        return {"lost": True}
    shown = str(value) if isinstance(value, str) else float(value)
    known = None if isinstance(shown, float) and math.isnan(shown) else shown
    return {"value": known, "at": value.timestamp, "severity": int(value.severity), "status": int(value.status)}


async def get(asked: dict[str, Any]) -> dict[str, Any]:
    name, seconds = asked["get"], asked.get("seconds", 20)
    if asked.get("text"):
        return {"value": str(await caget(name, datatype=DBR_CHAR_STR, timeout=seconds))}
    value = await caget(name, format=FORMAT_TIME, timeout=seconds)
    if isinstance(value, str):
        return plain(value)
    limits = await caget(name, format=FORMAT_CTRL, timeout=seconds)
    return plain(value) | {"units": limits.units, "precision": limits.precision}


async def answer(asked: dict[str, Any]) -> Any:
    if "get" in asked:
        return await get(asked)
    if "put" in asked:
        await caput(asked["put"], asked["value"], wait=True, timeout=20)
        return {"value": "written"}
    if "watch" in asked:
        name = asked["watch"]
        seen = SEEN.setdefault(name, [])
        camonitor(
            name,
            lambda value: seen.append(plain(value) | {"heard": time.time()}),
            format=FORMAT_TIME,
            notify_disconnect=True,
        )
        return {}
    return SEEN[asked["seen"]]


async def main() -> None:
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        try:
            said = await answer(json.loads(line))
        except CANothing as error:
            said = {"error": str(error)}
        except Exception as error:  # noqa: BLE001 (whatever the library raises is the answer)
            said = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
