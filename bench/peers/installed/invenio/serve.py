"""Invenio-Files-REST alone in a Flask app, put together as its own guide does, with SQLite and files on disk.

FOLDER keeps everything, and everybody may do everything. Tasks run within the request that asks for them, so that no
broker is needed; their results are kept nowhere, since a task that runs so has no id to keep its progress by.
"""

import os
from pathlib import Path
from typing import Any

from flask_menu import Menu
from invenio_celery import InvenioCelery
from invenio_db import InvenioDB, db
from invenio_files_rest import InvenioFilesREST
from invenio_files_rest.app import Flask
from invenio_files_rest.models import Location
from invenio_files_rest.views import blueprint
from invenio_i18n import Babel, InvenioI18N
from invenio_rest import InvenioREST


class Allowed:
    """The permission that everybody has."""

    def can(self) -> bool:
        """Yes."""
        return True


def everybody(*_: Any) -> Allowed:
    """The permission for an action on something."""
    return Allowed()


folder = Path(os.environ["FOLDER"])
app = Flask("peer")
app.config.update(
    SECRET_KEY=os.urandom(16).hex(),
    SQLALCHEMY_DATABASE_URI=f"sqlite:///{folder}/rows.db",
    FILES_REST_PERMISSION_FACTORY=everybody,
    CELERY_TASK_ALWAYS_EAGER=True,
    CELERY_TASK_EAGER_PROPAGATES=True,
    CELERY_RESULT_BACKEND="disabled",
)
for extension in (Babel, Menu, InvenioDB, InvenioREST, InvenioI18N, InvenioCelery, InvenioFilesREST):
    extension(app)
app.register_blueprint(blueprint)
with app.app_context():
    db.create_all()
    if Location.get_default() is None:
        db.session.add(Location(name="local", uri=str(folder / "files"), default=True))
        db.session.commit()
