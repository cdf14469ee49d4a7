"""Sites as tasks on AWS's ECS, behind a load balancer.

Only components/deploy.py leads here, and late: it takes half a second.
"""

from portico.components.ecs.registry_contents import RegistryContents
from portico.components.ecs.shared import Fleet, FleetArgs

__all__ = ["Fleet", "FleetArgs", "RegistryContents"]
