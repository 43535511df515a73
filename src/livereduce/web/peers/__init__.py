"""Other status pages, whose instruments are shown in the overview, too: asked, checked, bounded.

May import `base`, `http` and `render.encode`; nothing of `state`.
Read `peers.py` first: it asks. What they answer is checked field by field in `cards.py` and `glances.py`.
"""
