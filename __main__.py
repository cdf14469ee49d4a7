"""Flask applications behind NGINX and Gunicorn."""

from pathlib import Path

import pulumi

from components import LocalHost, Portico, PorticoArgs, end_quietly
from config.load import load

end_quietly()
root = Path(__file__).parent
stack = load(root)
host = LocalHost("host", stack.settings.docker)
portico = Portico(
    "portico",
    PorticoArgs(stack=stack, root=root, hooks=host.hooks),
    pulumi.ResourceOptions(providers=[host.provider]),
)

pulumi.export("url", portico.url)
pulumi.export("urls", portico.urls)
pulumi.export("releases", portico.releases)
pulumi.export("tree", portico.tree)
