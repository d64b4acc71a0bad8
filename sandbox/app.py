"""The Flask application: extensions, rooms, and the rim around every request."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from flask import Flask, g
from flask.typing import ResponseReturnValue
from flask_migrate import Migrate
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from sandbox import places, tables
from sandbox.config import Settings, read_settings
from sandbox.db import configure, db

Clock = Callable[[], datetime]

LARGEST_REQUEST_BYTES = 8 * 1024 * 1024
STATIC_FILES_KEEP = timedelta(hours=1)
csrf = CSRFProtect()
migrate = Migrate(render_as_batch=True)


class Service(Flask):
    """Flask with one transaction per request: a view that ends well is committed, once, here."""

    settings: Settings
    clock: Clock

    def dispatch_request(self) -> ResponseReturnValue:
        response = self.make_response(super().dispatch_request())
        if g.get("may_write") and response.status_code < 400:
            db.session.commit()
        return response


def utc_now() -> datetime:
    """The rim's clock."""
    return datetime.now(UTC)


def create_app(settings: Settings | None = None, *, clock: Clock = utc_now) -> Service:
    """The service for `settings`; tests and the demonstration hand in their own clock."""
    from sandbox import api, web

    settings = settings or read_settings()
    app = Service("sandbox", template_folder=str(places.templates()))
    app.settings = settings
    app.clock = clock
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        MAX_CONTENT_LENGTH=LARGEST_REQUEST_BYTES,
        SEND_FILE_MAX_AGE_DEFAULT=STATIC_FILES_KEEP,
        SESSION_COOKIE_NAME="sandbox",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.https,
        WTF_CSRF_TIME_LIMIT=None,
    )
    assert tables.metadata is db.metadata
    if settings.trusted_proxies:
        # Each proxy in front appends the address that it saw; the throttle counts by that address.
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    settings.var_dir.mkdir(parents=True, exist_ok=True)
    db.init_app(app)
    with app.app_context():
        configure(db.engine)
    csrf.init_app(app)
    # `flask db ...` for maintainers runs the same folder as `sandbox db upgrade`.
    migrate.init_app(app, db, directory=str(places.migrations()))
    web.init_app(app)
    api.init_app(app)
    return app
