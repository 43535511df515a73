"""The mantid engine: drives StartLiveData and MonitorLiveData; standard library, mantid, numpy and h5py only."""
