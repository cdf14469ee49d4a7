"""Flask applications behind NGINX and Gunicorn."""

from pathlib import Path

import pulumi

from components import Portico, PorticoArgs, end_quietly, make_host, read_past, require_room
from config.load import load

end_quietly()
root = Path(__file__).parent
require_room(root)
past = read_past()
stack = load(root, past.get("history"))
host = make_host("host", stack.settings, past)
portico = Portico(
    f"portico{host.place}",
    PorticoArgs(
        stack=stack,
        root=root,
        past=past,
        hooks=host.hooks,
        engine=host.engine,
        builder=host.builder,
        place=host.place,
    ),
    host.options,
)

pulumi.export("address", host.publish(portico.tree))
pulumi.export("url", portico.url)
pulumi.export("urls", portico.urls)
pulumi.export("releases", portico.releases)
pulumi.export("tree", portico.tree)
pulumi.export("history", portico.history)
pulumi.export("held", portico.held)
pulumi.export("baseline", portico.baseline)
