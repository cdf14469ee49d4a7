"""Gunicorn's configuration of one application."""

from portico.config.render.layout import EDGE
from portico.config.render.templates import render
from portico.config.settings import Site


def render_gunicorn(site: Site, root: str = ".", *, hooks: bool = False, header: int = 8190) -> str:
    """Write `gunicorn.conf.py`; `root` is the import root inside the source, `hooks` whether it has such a file.

    `header` is the longest request line or header that NGINX lets through, in bytes.
    """
    body = max([site.body, *(route.body for route in site.routes if route.body)])
    values = {"site": site, "gunicorn": site.gunicorn, "root": root, "body": body, "hooks": hooks, "header": header}
    websockets = any(route.websocket for route in site.routes)
    return render("gunicorn/gunicorn.conf.py.j2", websockets=websockets, edge=EDGE, **values)
