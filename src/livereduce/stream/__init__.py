"""Bytes to chunks: what every source gives, where chunks are cut, and a folder for each kind of source."""
