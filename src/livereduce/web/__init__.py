"""The status page: overview, plots, API, metrics. Reads the files of daemon and worker.

Writes nothing, and asks the daemon for what people with the token want.
May import every room up to `preflight` except `stream`, `simulate` and `engine`; starlette, uvicorn, prometheus_client.
Read `app.py` first: it maps addresses to handlers.
"""
