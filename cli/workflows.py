"""The files that let GitHub or GitLab preview and deploy a stack."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from portico.config.render.templates import render

FORGES: Final[Mapping[str, str]] = {"github": ".github/workflows/portico.yml", "gitlab": ".gitlab-ci.yml"}
# What no other stack can have: its own secrets and its place. Nobody backs up the data of a trial.
_OWN: Final = ("secrets", "rollback", "protect", "port", "eabKey", "dnsKey", "backups", "backupKey", "backupAccess")


def is_encrypted(value: Any) -> bool:
    """Whether Pulumi has encrypted a value, or one below it."""
    if isinstance(value, Mapping):
        return set(value) == {"secure"} or any(is_encrypted(one) for one in value.values())
    return isinstance(value, list) and any(is_encrypted(one) for one in value)


@dataclass(frozen=True, kw_only=True)
class Workflows:
    """`top` is the repository, `root` the folder of Pulumi.yaml in it; `values` are the settings of the stack.

    `branch` is the one that is deployed; with `branches` each request has an environment of its own.
    """

    forge: str
    top: Path
    root: Path
    stack: str
    branch: str
    values: Mapping[str, Any]
    branches: bool = False

    def list_files(self) -> dict[Path, tuple[str, bool]]:
        """The text of each file by its path, and whether it is a program."""
        scripts = ["install", "preview", "deploy", *(["comment"] if self.forge == "gitlab" else [])]
        scripts += ["branch"] if self.branches else []
        data = [str(site["name"]) for site in self._list("sites") if site.get("data")]
        data += [str(service["name"]) for service in self._list("services")]
        files = {self.root / "ci" / f"{name}.sh": (render(f"ci/{name}.sh.j2", data=data), True) for name in scripts}
        text = render(
            f"ci/{self.forge}.yaml.j2",
            folder="./" + str(self.root.relative_to(self.top)) if self.root != self.top else ".",
            stack=self.stack,
            branch=self.branch,
            branches=self.branches,
        )
        files[self.top / FORGES[self.forge]] = (text, False)
        if self.branches:
            files[self.root / "ci" / "branch.yaml"] = (self._spell_branch(), False)
        return files

    def _list(self, key: str) -> list[dict[str, Any]]:
        found = self.values.get(key)
        return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []

    def _spell_branch(self) -> str:
        """The settings of a branch: the stack's, at a port and under host names of its own."""
        left = {key: value for key, value in self.values.items() if key not in (*_OWN, "tls", "sites")}
        # An encrypted value can be decrypted in its own stack alone.
        values = {key: value for key, value in left.items() if not is_encrypted(value)}
        sites = [{**site, "hosts": [f"__NAME__-{site['name']}.localhost"]} for site in self._list("sites")]
        for site in sites:
            site.pop("aliases", None)
        config = {f"portico:{key}": value for key, value in {**values, "port": "__PORT__", "sites": sites}.items()}
        text = yaml.safe_dump({"config": config}, sort_keys=False, allow_unicode=True, width=120)
        return (
            "# The settings of an environment of a branch. __NAME__ and __PORT__ are filled in.\n"
            "# Write the machine for it, and host names that lead there. It has no secrets of another stack.\n"
            f"{text.replace(chr(39) + '__PORT__' + chr(39), '__PORT__')}"
        )


def find_wrong(values: Mapping[str, Any], backend: str, *, passphrase: bool, encrypted: bool) -> list[str]:
    """Why a stack cannot be deployed from a machine that is new each time; a sentence each."""
    wrong = []
    ssh = values.get("ssh")
    if values.get("target", "local") == "local" and not str(values.get("engine") or "").strip():
        wrong.append("target: local is the machine of the workflow, which is gone after it; write ssh, aws or ecs")
    if values.get("target") == "ssh" and not (isinstance(ssh, Mapping) and ssh.get("hostKey")):
        wrong.append(
            "ssh.hostKey is required where a workflow deploys: a machine that is new each time knows no key, so it "
            "would accept any server; write what ssh-keyscan -t ed25519 HOST prints, once you have compared it"
        )
    if backend.startswith(("file://.", "file://~")):
        wrong.append(
            f"the state is in {backend}, in the checkout, and would be gone with it; set PULUMI_BACKEND_URL to a "
            "bucket or another backend that the whole team can reach"
        )
    if encrypted and not passphrase:
        wrong.append("the stack has secrets; set PULUMI_CONFIG_PASSPHRASE as a secret of the workflow")
    return wrong
