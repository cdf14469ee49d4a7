"""The settings of a stack, one file a section."""

from config.settings.aws import Aws
from config.settings.ecs import Ecs
from config.settings.gunicorn import Gunicorn
from config.settings.mistake import Mistake, Mistakes
from config.settings.nginx import Nginx
from config.settings.quantity import Duration, Size
from config.settings.settings import Settings, check_secrets
from config.settings.site import Site, derive_uid
from config.settings.ssh import Ssh

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
