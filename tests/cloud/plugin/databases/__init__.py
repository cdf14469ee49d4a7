"""A small real RDS: a server of PostgreSQL for each database, and the ways that tasks have to it."""
