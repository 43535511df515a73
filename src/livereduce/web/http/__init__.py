"""The HTTP side of the page: access, headers, caches, event streams, requests to the daemon, the API's description.

Read `middleware.py` first.
"""
