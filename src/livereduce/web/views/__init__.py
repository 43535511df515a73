"""The detector, regions of it, and curves over a log: asked of a viewer, a process that counts events for the page.

Nothing is counted in the page's own process. A viewer is started when somebody looks, and ended when nobody has for
some minutes.
Read `handlers.py` first, then `viewers.py`.
"""
