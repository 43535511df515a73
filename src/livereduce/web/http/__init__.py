"""The HTTP side of the page: access, headers, caches, event streams, the API's description.

Read `middleware.py` first.
"""
