"""Databases and caches that AWS runs: RDS for PostgreSQL, ElastiCache for Valkey."""
