"""The routes, one module a noun; each asks for one report and shapes its answer."""
