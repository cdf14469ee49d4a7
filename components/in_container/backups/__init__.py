"""Makes backups, proves them and restores them, in a container of its own (config/backups.py)."""
