"""User data of a machine that somebody set up for Docker, as docs/hosts/ssh.md says."""

TEXT = """\
#cloud-config
write_files:
  - path: /etc/docker/daemon.json
    content: '{{"live-restore": true}}'
users:
  - name: deploy
    groups: [docker]
    shell: /bin/bash
    ssh_authorized_keys: [{key}]
  - name: guest
    shell: /bin/bash
    ssh_authorized_keys: [{key}]
runcmd:
  - systemctl reload docker
"""


def plain(key: str) -> str:
    """`deploy`, who may use Docker, and `guest`, who may not; both with this public key."""
    return TEXT.format(key=key)
