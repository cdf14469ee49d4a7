"""Sites as tasks on AWS's ECS, behind a load balancer. Only engines/ecs.py imports this: it takes half a second."""

from portico.components.ecs.registry_contents import Stock
from portico.components.ecs.shared import Fleet, FleetArgs

__all__ = ["Fleet", "FleetArgs", "Stock"]
