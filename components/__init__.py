"""Everything that creates resources."""

from components.hosts import make_host
from components.interrupt import end_quietly
from components.past import read_past
from components.portico import Portico, PorticoArgs
from components.room import require_room

__all__ = ["Portico", "PorticoArgs", "end_quietly", "make_host", "read_past", "require_room"]
