"""Everything that creates resources."""

from components.engines import deploy
from components.interrupt import end_quietly
from components.past import read_past
from components.room import require_room

__all__ = ["deploy", "end_quietly", "read_past", "require_room"]
