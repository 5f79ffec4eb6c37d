"""Keeps what dbt defines in step with the facts."""
