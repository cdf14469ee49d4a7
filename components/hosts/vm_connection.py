"""The way to a VM on AWS: through Systems Manager, or by SSH to whatever address it has just now."""

import shlex
import shutil
import sys
from pathlib import Path

import pulumi

from portico.components.hosts.connection import Connection, make_connection
from portico.config.render.cloud_init import USER
from portico.config.settings import Aws


def lead_to(settings: Aws, vm: str) -> Connection:
    """The connection to the VM with this id; "" for the part of it that leads to any."""
    if settings.access == "ssm":
        way = (
            f"aws ssm start-session --region {settings.region} --target %h "
            "--document-name AWS-StartSSHSession --parameters portNumber=%p"
        )
    else:
        script = Path(__file__).resolve().with_name("ec2_proxy_command.py")
        way = f"{_spell_path(Path(sys.executable))} {_spell_path(script)} %h %p {settings.region}"
    return make_connection(USER, vm, 22, pulumi.get_stack(), key=settings.key, proxy=way)


def _spell_path(file: Path) -> str:
    """The path for ssh, which starts in the project's folder: by that in short, so that each checkout says the same."""
    here = Path.cwd()
    return shlex.quote(str(file.relative_to(here) if file.is_relative_to(here) else file)).replace("%", "%%")


def require_command(access: str) -> None:
    """Refuse with pulumi.RunError a machine that lacks what leads to VMs on AWS."""
    if not shutil.which("aws"):
        plugin = " and its Session Manager plugin" if access == "ssm" else ""
        raise pulumi.RunError(
            f"aws.access: {access} needs the AWS CLI{plugin}, and there is no `aws` on this machine; install it. "
            "Nothing was changed."
        )
