"""Sites as tasks on AWS's ECS, behind a load balancer. Only engines/ecs.py imports this: it takes half a second."""

from components.ecs.fleet import Fleet, FleetArgs
from components.ecs.stock import Stock

__all__ = ["Fleet", "FleetArgs", "Stock"]
