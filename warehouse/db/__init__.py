"""Connections, sessions, and what becomes of the errors they raise."""
