"""The mantid engine: drives StartLiveData and MonitorLiveData, and watches them.

Runs in people's Mantid environments: the standard library, mantid, numpy and h5py only.
Read `engine.py` first, then `live/`.
"""
