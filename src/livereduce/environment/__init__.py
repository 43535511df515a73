"""The environment that holds the engine: which one is meant, the way into it, and what its python says of itself."""
