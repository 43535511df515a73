"""Small values with Mantid's interface that logs, geometry and scripts share: times and vectors.

Know nothing of workspaces; `workspaces` and `mantid_api` import them.
Read `date_and_time.py` first.
"""
