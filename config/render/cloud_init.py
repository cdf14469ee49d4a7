"""The user data of a VM: what cloud-init makes of a plain image on its first boot."""

import base64
import gzip
import re

from portico.config.mistake import Mistake, Mistakes
from portico.config.render.templates import render
from portico.config.settings.aws import Aws

# Who deploys. It is in the group docker, and where its folder is, the VM says how far it is.
USER = "portico"
READY = f"/var/lib/{USER}/ready"
# Where the disk of data is mounted; who deploys names it in WANTED, and reads in STATE what came of it.
DATA, WANTED, STATE = (f"/var/lib/{USER}/{name}" for name in ("data", "disk/wanted", "disk-state"))

# AWS takes 16 KB, packed; what is left is for what is added to it on the way.
_MOST = 14 * 1024
# What a private key or an access key of AWS looks like, whoever put it there.
_SECRETS = re.compile(r"PRIVATE KEY|\b(AKIA|ASIA)[A-Z0-9]{16}\b")


def render_user_data(aws: Aws) -> str:
    """Write the user data: a #cloud-config that is the same for the same settings, everywhere.

    It takes no secret, and anybody who may look at the VM may read it.
    """
    return render("cloud-init/user-data.yaml.j2", user=USER, keys=aws.keys, swap=aws.swap.bytes)


def pack_user_data(text: str) -> str:
    """The form that an instance takes: gzip, then Base64.

    Raises Mistakes where it holds a secret, or more than 14 KB are left after gzip.
    """
    if found := _SECRETS.search(text):
        raise Mistakes([Mistake("aws.keys", f"holds a secret ({found[0][:12]}…); write public keys alone")])
    # No time of packing in it: the same text is the same user data tomorrow.
    packed = gzip.compress(text.encode(), mtime=0)
    if len(packed) > _MOST:
        size, most = -(-len(packed) // 1024), _MOST // 1024
        raise Mistakes([Mistake("aws.keys", f"make the VM's user data {size} KB long; AWS takes {most}: write fewer")])
    return base64.b64encode(packed).decode()


def unpack_user_data(packed: str) -> str:
    """The text of packed user data."""
    return gzip.decompress(base64.b64decode(packed)).decode()
