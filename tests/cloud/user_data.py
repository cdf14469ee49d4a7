"""User data of a machine that somebody set up for Docker, as far as Portico needs it."""

TEXT = """\
#cloud-config
users:
  - name: {user}
    groups: [docker]
    shell: /bin/bash
    ssh_authorized_keys: [{key}]
"""


def plain(key: str, user: str = "deploy") -> str:
    """A user with this public key, who may use Docker."""
    return TEXT.format(user=user, key=key)
