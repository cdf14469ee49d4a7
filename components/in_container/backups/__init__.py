"""What makes backups, proves them and brings them back, in a container of its own (config/backups.py)."""
