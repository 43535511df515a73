"""The process that reduces: entry, beats, orders. One generation is one process."""
