"""Looks at an installation and says how it fares."""
