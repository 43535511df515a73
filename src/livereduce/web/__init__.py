"""The status page: pages, plots, API and metrics, from the files that daemon and worker write; nothing else is read."""
