"""Secrets in Secrets Manager and parameters: who can read them elsewhere, and whether they can be had back."""

from collections.abc import Iterator

from portico.policies.graph import UNKNOWN, Graph, look, may_be, of_type
from portico.policies.kinds import PARAMETER, SECRET, SECRET_VERSION
from portico.policies.rule import Finding, rule


@rule()
def hide_values(graph: Graph) -> Iterator[Finding]:
    """The value of a secret is one for Pulumi too: otherwise its state shows it to whoever has that."""
    for one in of_type(graph, SECRET_VERSION):
        for name in ("secretString", "secretBinary"):
            if look(one.inputs, name) not in (None, UNKNOWN) and name not in one.secrets:
                yield Finding(one, f"{name} is in plain text in Pulumi's state", f"make {name} a secret of Pulumi's")


@rule()
def keep_removed_secrets(graph: Graph) -> Iterator[Finding]:
    """A secret that was removed can be had back for a week or longer."""
    for one in of_type(graph, SECRET):
        days = look(one.inputs, "recoveryWindowInDays")
        # AWS offers 7 to 30, takes 30 where nothing is written, and means "at once" by 0.
        if isinstance(days, int) and days < 7:
            wrong = "it is gone at once when it is removed, also by mistake"
            yield Finding(one, wrong, "write recoveryWindowInDays: 7 to 30")


@rule("CKV2_AWS_34")
def encrypt_parameters(graph: Graph) -> Iterator[Finding]:
    """A parameter is encrypted: nobody can tell beforehand what will be written into it."""
    for one in of_type(graph, PARAMETER):
        if not may_be(look(one.inputs, "type"), "SecureString"):
            yield Finding(one, "lies in Parameter Store in plain text", 'write type: "SecureString"')
