"""The way to a VM on AWS: through Systems Manager, or by SSH to whatever address it has just now."""

import asyncio
import shlex
import shutil
import sys
from contextlib import suppress
from pathlib import Path

import pulumi

from portico.components.hosts.connection import Connection, make_connection
from portico.components.hosts.readiness import wait_ready
from portico.config.render.cloud_init import USER
from portico.config.settings import Aws

# Seconds in which AWS's agent reports from its new address, as users have seen it.
_MOVED = 300


async def find_again(connection: Connection) -> None:
    """Return once a VM can be reached whose address has just moved; after five minutes with a warning.

    What is sent from the VM comes from another address then. Connections stand still, and AWS's agent may be refused
    until it has noticed that too: who calls `make logs` right after the update would get TargetNotConnected.
    """
    # The connection that all share leads nowhere any more. What runs on it may end, and the next one is another.
    stop = ("ssh", *connection.options, "-O", "stop", connection.url)
    with suppress(OSError, TimeoutError):
        quiet = asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(*stop, stdin=quiet, stdout=quiet, stderr=quiet)
        await asyncio.wait_for(process.wait(), 10)
    try:
        await wait_ready(connection, _MOVED)
    except pulumi.RunError as error:
        reported = str(error).splitlines()[0]
        pulumi.log.warn(
            f"The address has moved, and visitors are served. Commands such as make logs do not reach the VM yet: "
            f"{reported} Wait some minutes; portico status says when it answers."
        )


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
