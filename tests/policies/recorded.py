"""What the stand-in for the engine has recorded, as the rules read it."""

from portico.policies.graph import Graph, Resource
from portico.policies.wire import find_secrets, read_inputs
from tests.components.recorder import Recorder


def read_graph(made: Recorder) -> Graph:
    """The planned graph of a recorded program."""
    return [
        Resource(
            type=one.type,
            name=one.name,
            urn=one.urn,
            inputs=read_inputs(one.raw),
            secrets=find_secrets(one.raw),
            needs=one.needs,
            provider=one.provider.rpartition("::")[0],
            protected=one.protect,
        )
        for one in made.resources
    ]
