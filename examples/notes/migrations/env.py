"""How Alembic reaches the application's database; `flask db` runs this."""

import logging

from alembic import context
from flask import current_app

logging.basicConfig(format="%(message)s")
logging.getLogger("alembic").setLevel(logging.INFO)

extension = current_app.extensions["migrate"]
with extension.db.engine.connect() as connection:
    context.configure(connection=connection, target_metadata=extension.db.metadata, **extension.configure_args)
    with context.begin_transaction():
        context.run_migrations()
