"""The settings of a stack, one file a section."""

from portico.config.mistake import Mistake, Mistakes
from portico.config.settings.aws import Aws
from portico.config.settings.ecs import Ecs
from portico.config.settings.gunicorn import Gunicorn
from portico.config.settings.nginx import Nginx
from portico.config.settings.quantity import Duration, Size
from portico.config.settings.settings import Settings, check_secrets
from portico.config.settings.site import Site, derive_uid
from portico.config.settings.ssh import Ssh

__all__ = [
    "Aws",
    "Duration",
    "Ecs",
    "Gunicorn",
    "Mistake",
    "Mistakes",
    "Nginx",
    "Settings",
    "Site",
    "Size",
    "Ssh",
    "check_secrets",
    "derive_uid",
]
