"""Tapehouse: a partitioned time-series analytics warehouse for trading, on plain PostgreSQL."""
