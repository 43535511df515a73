"""What is raised where positions are needed and not known."""


class GeometryError(RuntimeError):
    """Positions are needed and not known: the text says what is missing, where it comes from, and what to do."""
