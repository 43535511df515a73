"""Who may ask what, and how an answer leaves: access, headers, caches, event streams, the API's description.

Read `middleware.py` first.
"""
