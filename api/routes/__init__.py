"""The reports, one module a noun, and the routes that are none."""
