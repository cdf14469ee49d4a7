"""Flask applications behind NGINX and Gunicorn."""

from pathlib import Path

import pulumi

from portico.components import deploy, end_quietly, read_past, require_room
from portico.config.load import load

end_quietly()
root = Path(__file__).parent
require_room(root)
past = read_past()
stack = load(root, past.get("history"))
live = deploy(stack, root, past)

for name, value in live.outputs.items():
    pulumi.export(name, value)
