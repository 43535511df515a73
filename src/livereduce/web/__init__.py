"""The status page: overview, plots, API, metrics. Reads the files of daemon and worker, and writes nothing.

May import every room up to `preflight` except `stream`, `simulate` and `engine`; starlette, uvicorn, prometheus_client.
Read `app.py` first: it maps addresses to handlers.
"""
