"""Everything that creates resources."""

from portico.components.deploy import deploy
from portico.components.previous_outputs import read_past
from portico.components.shutdown import end_quietly
from portico.components.state_disk import require_room

__all__ = ["deploy", "end_quietly", "read_past", "require_room"]
