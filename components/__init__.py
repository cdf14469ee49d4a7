"""Everything that creates resources."""

from components.hosts.local import LocalHost
from components.interrupt import end_quietly
from components.past import read_past
from components.portico import Portico, PorticoArgs
from components.room import require_room

__all__ = ["LocalHost", "Portico", "PorticoArgs", "end_quietly", "read_past", "require_room"]
