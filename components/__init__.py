"""Everything that creates resources."""

from components.hosts.local import LocalHost
from components.portico import Portico, PorticoArgs

__all__ = ["LocalHost", "Portico", "PorticoArgs"]
