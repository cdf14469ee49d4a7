"""The way to a machine over SSH: an address, and the arguments that ssh gets wherever it is called."""

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from portico.config.settings import Ssh

# Both lie below Pulumi.yaml's folder, where Pulumi and its plugins run. The paths are relative, so that they
# are the same on every machine: the plugin's settings are part of the state.
_SOCKETS = ".portico/ssh"
_KNOWN = ".portico/known_hosts"


@dataclass(frozen=True)
class Connection:
    """A machine, and the arguments of ssh that lead there safely. They are the same in every run."""

    user: str
    host: str
    port: int = 22
    options: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """The address as Docker and ssh understand it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"ssh://{self.user}@{host}:{self.port}"


def connect(ssh: Ssh, stack: str, root: Path = Path()) -> Connection:
    """The way to the machine of this stack; `root` is the folder of Pulumi.yaml. Nothing is sent yet."""
    proxy = ssh.proxy_command or (_jump(ssh, stack) if ssh.jump else None)
    given = {"key": ssh.key, "proxy": proxy, "host_key": ssh.host_key}
    return make_connection(ssh.user, ssh.host, ssh.port, stack, **given, root=root)


def make_connection(
    user: str,
    host: str,
    port: int,
    stack: str,
    *,
    key: str | None = None,
    proxy: str | None = None,
    host_key: str | None = None,
    root: Path = Path(),
) -> Connection:
    """The same from plain values. Its folders are made, and a pinned `host_key` is written down.

    Without one, the first key that the machine shows is kept in a file of the stack's own, and no other is
    taken from then on. `proxy` is a command that leads there.
    """
    known = f"{_KNOWN}/{stack}"
    (root / _KNOWN).mkdir(parents=True, exist_ok=True)
    # Who may write there may speak for the machine.
    (root / _SOCKETS).mkdir(parents=True, exist_ok=True)
    (root / _SOCKETS).chmod(0o700)
    if host_key:
        _write(root / known, f"{host if port == 22 else f'[{host}]:{port}'} {host_key}\n")
    options = [
        *_list_basics(known, key, pinned=bool(host_key)),
        # One connection carries all that is said at the same time: many at once would be refused by most servers.
        *("ControlMaster=auto", f"ControlPath={_SOCKETS}/%C", "ControlPersist=60"),
        *([f"ProxyCommand={proxy}"] if proxy else []),
    ]
    return Connection(user, host, port, _spell(options))


def _list_basics(known: str, key: str | None, *, pinned: bool) -> list[str]:
    return [
        "BatchMode=yes",
        f"StrictHostKeyChecking={'yes' if pinned else 'accept-new'}",
        f"UserKnownHostsFile={known}",
        "GlobalKnownHostsFile=/dev/null",
        *("UpdateHostKeys=no", "HashKnownHosts=no", "CheckHostIP=no", "LogLevel=ERROR"),
        # Nothing answers after 20 seconds: the connection is gone.
        *("ConnectTimeout=15", "ServerAliveInterval=5", "ServerAliveCountMax=4"),
        # Whatever the user's own settings say for terminals.
        *("ForwardAgent=no", "ClearAllForwardings=yes", "PermitLocalCommand=no", "RequestTTY=no"),
        *([f'IdentityFile="{key.replace("%", "%%")}"', "IdentitiesOnly=yes"] if key else []),
    ]


def _jump(ssh: Ssh, stack: str) -> str:
    """ssh's own ProxyJump would judge that machine's key by the user's settings; this does it by the stack's."""
    options = [*_list_basics(f"{_KNOWN}/{stack}.jump", ssh.key, pinned=False), "ControlMaster=no", "ControlPath=none"]
    # ssh replaces %h and %p in what it runs; other percent signs are doubled.
    words = [word.replace("%", "%%") for word in ("ssh", *_spell(options))]
    return f"{shlex.join(words)} -W '[%h]:%p' ssh://{ssh.jump}"


def _spell(options: list[str]) -> tuple[str, ...]:
    return tuple(word for option in options for word in ("-o", option))


def _write(file: Path, text: str) -> None:
    if file.is_file() and file.read_text() == text:
        return
    partial = file.with_name(f"{file.name}.{os.getpid()}")
    partial.write_text(text)
    partial.rename(file)
