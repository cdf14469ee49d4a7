"""Flask applications behind NGINX and Gunicorn."""

from pathlib import Path

import pulumi

from components import LocalHost, Portico, PorticoArgs, end_quietly, read_past, require_room
from config.load import load

end_quietly()
root = Path(__file__).parent
require_room(root)
past = read_past()
stack = load(root, past.get("history"))
host = LocalHost("host", stack.settings.docker)
portico = Portico(
    "portico",
    PorticoArgs(stack=stack, root=root, past=past, hooks=host.hooks, images=host.images),
    pulumi.ResourceOptions(providers=[host.provider]),
)

pulumi.export("url", portico.url)
pulumi.export("urls", portico.urls)
pulumi.export("releases", portico.releases)
pulumi.export("tree", portico.tree)
pulumi.export("history", portico.history)
pulumi.export("held", portico.held)
pulumi.export("baseline", portico.baseline)
