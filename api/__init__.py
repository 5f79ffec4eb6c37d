"""The read API: reports of the warehouse over HTTP, each a function of the database's schema `api`."""
