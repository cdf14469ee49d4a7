"""What an application's folder holds: its files, and what it says of how it is installed."""

from portico.config.source.files import File, read_source, tell_unreadable

__all__ = ["File", "read_source", "tell_unreadable"]
