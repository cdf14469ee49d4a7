"""What NGINX serves: the state may not know, since an update that fails for one site brings the others live."""

from portico.cli.engine import Export


def find_served(export: Export) -> dict[str, str] | None:
    """The releases that NGINX sends requests to, by site; None where nobody can tell."""
    from portico.cli.engine import find_engine, list_serving
    from portico.components.docker.live_files import read_live
    from portico.config.live.served import find_releases

    engine, label = find_engine(export), {"label": "portico.role", "value": "nginx"}
    edges = [one["outputs"]["id"] for one in list_serving(export) if label in one["outputs"]["labels"]]
    live = read_live(engine, edges[0]) if engine and edges else None
    return find_releases(live) if live else None
