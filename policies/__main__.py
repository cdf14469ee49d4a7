"""The rules as a policy pack of Pulumi's: pulumi preview --policy-pack policies."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

# The environment of the pack knows no Portico: it is given this folder as `portico.policies`, wherever it lies.
# Python puts the folder itself first when it is asked to run it, and would find modules there under other names.
_ROOT = Path(__file__).resolve().parent.parent
_SPEC = spec_from_file_location("portico", _ROOT / "__init__.py", submodule_search_locations=[str(_ROOT)])
assert _SPEC and _SPEC.loader
sys.path.pop(0)
sys.modules["portico"] = module_from_spec(_SPEC)
_SPEC.loader.exec_module(sys.modules["portico"])

from pulumi_policy import (  # noqa: E402
    EnforcementLevel,
    Policy,
    PolicyPack,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
    policy,
)
from pulumi_policy.deserialize import deserialize_properties, serialize_properties  # noqa: E402

from portico.policies import RULES  # noqa: E402
from portico.policies.graph import Graph, Resource  # noqa: E402
from portico.policies.rule import Rule  # noqa: E402
from portico.policies.wire import find_secrets, read_inputs  # noqa: E402

# As it is, a validation does not know which inputs are secrets, and one of the rules is about that alone.
policy.deserialize_properties = lambda props, _=True: deserialize_properties(props, True)


def read(one: PolicyResource | ResourceValidationArgs) -> Resource:
    """The resource as the rules read it."""
    wire = serialize_properties(one.props)
    sources = one.property_dependencies if isinstance(one, PolicyResource) else {}
    return Resource(
        type=one.resource_type,
        name=one.name,
        urn=one.urn,
        inputs=read_inputs(wire),
        secrets=find_secrets(wire),
        needs={name: frozenset(other.urn for other in others) for name, others in sources.items()},
        provider=one.provider.urn if one.provider else "",
        protected=bool(one.opts.protect),
    )


def make_policy(rule: Rule) -> Policy:
    """A rule as a policy. What looks at one resource alone is asked before that is made, also where nobody previews."""

    def tell(graph: Graph, report: ReportViolation) -> None:
        for violation in rule(graph):
            report(str(violation), violation.finding.resource.urn)

    def about_one(args: ResourceValidationArgs, report: ReportViolation) -> None:
        tell([read(args)], report)

    def about_all(args: StackValidationArgs, report: ReportViolation) -> None:
        tell([read(one) for one in args.resources], report)

    name = rule.name.replace("_", "-")
    if rule.whole:
        return StackValidationPolicy(name, rule.about, about_all)
    return ResourceValidationPolicy(name, rule.about, about_one)


PolicyPack("portico-aws", [make_policy(rule) for rule in RULES], EnforcementLevel.MANDATORY)
