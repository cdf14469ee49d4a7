"""Where a load balancer listens: how it is spoken to, and what it answers when no rule fits."""

import re
from collections.abc import Iterator
from typing import Any, Final

from portico.policies.graph import UNKNOWN, Graph, Resource, look, may_be, members, of_type, points_at
from portico.policies.kinds import BALANCER, LISTENER, LISTENER_RULE
from portico.policies.rule import Finding, rule

# Of AWS's policies those that begin at TLS 1.2. Its own default begins at 1.0.
_MODERN: Final = re.compile(r"ELBSecurityPolicy-(TLS13-1-[23]|TLS-1-2|FS-1-2)-.+")
_TLS: Final = ("HTTPS", "TLS")


@rule("CKV2_AWS_20", "ELB.1", whole=True)
def redirect_to_https(graph: Graph) -> Iterator[Finding]:
    """Where a balancer speaks HTTPS, everything else of it leads there, by default and by every rule."""
    listeners = list(of_type(graph, LISTENER))
    for balancer in of_type(graph, BALANCER):
        mine = [one for one in listeners if points_at(one, "loadBalancerArn", balancer)]
        if not any(look(one.inputs, "protocol") in _TLS for one in mine):
            continue
        for one in mine:
            if look(one.inputs, "protocol") != "HTTP":
                continue
            asked = [(one, "defaultActions")]
            asked += [(inner, "actions") for inner in of_type(graph, LISTENER_RULE) if _is_of(inner, one)]
            for resource, name in asked:
                if not _redirects(resource, name):
                    wrong = "it answers in plain text, though there is a certificate"
                    yield Finding(resource, wrong, f'write {name}: a redirect to protocol: "HTTPS" and port: "443"')


@rule("CKV_AWS_103")
def require_modern_tls(graph: Graph) -> Iterator[Finding]:
    """A balancer speaks TLS 1.2 or newer, and nothing older."""
    for one in of_type(graph, LISTENER):
        policy = look(one.inputs, "sslPolicy")
        if look(one.inputs, "protocol") not in _TLS or policy is UNKNOWN:
            continue
        if not _MODERN.fullmatch(policy or ""):
            wrong = f"{policy or 'the policy that AWS takes where none is written'} lets TLS 1.0 through"
            yield Finding(one, wrong, 'write sslPolicy: "ELBSecurityPolicy-TLS13-1-2-2021-06"')


@rule()
def refuse_other_hosts(graph: Graph) -> Iterator[Finding]:
    """Nobody's host name reaches a task: by default a listener refuses (404), or redirects; rules name the hosts."""
    for one in of_type(graph, LISTENER):
        # Others know no hosts.
        if look(one.inputs, "protocol") not in ("HTTP", "HTTPS"):
            continue
        if not all(_refuses(action) for action in members(one.inputs, "defaultActions")):
            wrong = "whoever asks its address for any host name is answered as if it were a site's"
            yield Finding(one, wrong, 'write defaultActions: a fixed-response with statusCode: "404"')


def _is_of(rule: Resource, listener: Resource) -> bool:
    return points_at(rule, "listenerArn", listener)


def _redirects(one: Resource, name: str) -> bool:
    actions = members(one.inputs, name)
    if look(one.inputs, name) is UNKNOWN:
        return True
    return bool(actions) and all(may_be(look(action, "redirect.protocol"), "HTTPS") for action in actions)


def _refuses(action: Any) -> bool:
    """Whether nothing behind the balancer is asked; 403 or 421 are as good an answer as 404."""
    kind = look(action, "type")
    if kind == "fixed-response":
        status = look(action, "fixedResponse.statusCode")
        return status is UNKNOWN or str(status).startswith("4")
    return may_be(kind, "redirect")
