"""Notes: a small product. Pages, a database with migrations, uploads, workers with a queue, and a nightly job.

Nothing in here knows of Portico. The environment says where the data lies; without it, everything is below `instance`.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask

from notes.database import MIGRATIONS, choose_driver, db, migrate, set_up_sqlite
from notes.pages import pages
from notes.purge import purge


def create_app(settings: Mapping[str, Any] | None = None) -> Flask:
    """Make the application. `settings` take the place of those that the environment gives."""
    app = Flask(__name__)
    own = Path(app.instance_path)
    app.config.from_mapping(
        SQLALCHEMY_DATABASE_URI=choose_driver(os.environ.get("DATABASE_URL", f"sqlite:///{own / 'notes.db'}")),
        # A database server may have been started again since: a connection is asked before it is used.
        SQLALCHEMY_ENGINE_OPTIONS={"pool_pre_ping": True},
        MEDIA_FOLDER=os.environ.get("MEDIA_FOLDER", str(own / "media")),
    )
    app.config.from_mapping(settings or {})
    # Also the parent of the database, where nothing else was said.
    Path(app.config["MEDIA_FOLDER"]).mkdir(parents=True, exist_ok=True)
    db.init_app(app)
    # All pending migrations are one transaction: one that fails, or is killed, leaves nothing half done.
    migrate.init_app(app, db, directory=str(MIGRATIONS), transactional_ddl=True)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            set_up_sqlite(db.engine)
    app.register_blueprint(pages)
    app.cli.add_command(purge)
    return app
