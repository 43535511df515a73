"""Processes beside the page's server that read products and draw them: whatever a file holds may cost one of them."""
