"""Keeps one worker reducing, whatever happens; never imports numpy, Mantid or a script."""
