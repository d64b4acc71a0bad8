"""The rim around every request: who is asking, may they, in which language, and what went wrong."""

from __future__ import annotations

from datetime import date
from math import ceil
from typing import Any

from flask import (
    Flask,
    Request,
    Response,
    abort,
    current_app,
    g,
    jsonify,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import Babel, gettext
from flask_login import LoginManager, UserMixin, current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import IntegerConverter, Map

from experiments.errors import BrokenRecord, Invalid, NotFound, Refused, WrongMoment
from experiments.fields import LARGEST_WHOLE
from experiments.lifecycle import Actor
from sandbox import accounts
from sandbox.access import RULES, anyone
from sandbox.accounts import Person, TooManyAttempts
from sandbox.db import db, writing
from sandbox.exemptions.files import FileStore
from sandbox.sealing import Seal
from sandbox.web import complaints, design_words, options, words
from sandbox.web.filters import SHOWN_ZONE
from sandbox.web.navigation import navigation

LANGUAGES = {"ko": "한국어", "en": "English"}
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; script-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
STATUS_OF_ERROR: tuple[tuple[type[Exception], int], ...] = (
    (Refused, 403),
    (WrongMoment, 409),
    (StaleDataError, 409),
    (Invalid, 422),
    (NotFound, 404),
    (TooManyAttempts, 429),
    (BrokenRecord, 500),
)
# PostgreSQL gave one of two crossing transactions up: deadlock, failed serialisation.
GIVEN_UP = frozenset({"40P01", "40001"})

babel = Babel()
sign_ins = LoginManager()


class KeyConverter(IntegerConverter):
    """A row's key in an address; what no key can be is no address."""

    def __init__(self, map: Map) -> None:
        super().__init__(map, min=1, max=LARGEST_WHOLE)


class SignedIn(UserMixin):
    """What Flask-Login carries: the person behind this request's token."""

    def __init__(self, token: str, person: Person) -> None:
        self.token = token
        self.person = person

    def get_id(self) -> str:
        return self.token


def init_app(app: Flask) -> None:
    app.url_map.converters["key"] = KeyConverter
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = "translations"
    babel.init_app(app, locale_selector=_language, default_timezone="Asia/Seoul")
    sign_ins.init_app(app)
    sign_ins.session_protection = None  # the token is on the server; addresses change on phones
    sign_ins.user_loader(_signed_in_by_cookie)
    sign_ins.request_loader(_signed_in_by_header)
    # Before everything else: whether this request may write decides how its transaction begins.
    app.before_request_funcs.setdefault(None, []).insert(0, _choose_transaction)
    app.before_request(_check_rule)
    app.after_request(_add_headers)
    app.teardown_request(_end_transaction)
    app.context_processor(_page_context)
    for kind, _status in STATUS_OF_ERROR:
        app.register_error_handler(kind, _answer_error)
    app.register_error_handler(DBAPIError, _answer_database_error)
    app.register_error_handler(CSRFError, _answer_http)
    app.register_error_handler(HTTPException, _answer_http)


def actor() -> Actor:
    """Who acts in this request; 401 where nobody is signed in."""
    person = signed_in_person()
    if person is None:
        abort(401)
    return person.actor


def actor_or_none() -> Actor | None:
    person = signed_in_person()
    return person.actor if person else None


def signed_in_person() -> Person | None:
    # After a fault nobody is asked for: where the database is gone, an error page must not need it.
    if g.get("is_broken") or not current_user.is_authenticated:
        return None
    return current_user.person


def today() -> date:
    """The day that it is where the pages' readers are."""
    day: date = now().astimezone(SHOWN_ZONE).date()
    return day


def now() -> Any:
    """The instant of this request, asked once."""
    if "now" not in g:
        g.now = current_app.clock()  # type: ignore[attr-defined]
    return g.now


def seal() -> Seal:
    """What seals and opens what this installation keeps unreadable."""
    return Seal(current_app.settings.credential_keys)  # type: ignore[attr-defined]


def file_store() -> FileStore:
    """Where the files of this installation lie."""
    settings = current_app.settings  # type: ignore[attr-defined]
    return FileStore(settings.var_dir / "files", settings.virus_scan)


def local_path(target: str | None) -> str:
    """`target` if it is a path of this service, else the first page: no open redirects."""
    # Browsers take a backslash for a slash and skip tabs and line breaks.
    is_path = target is not None and target.startswith("/") and target.isprintable() and "\\" not in target
    if target is None or not is_path or target.startswith("//"):
        return url_for("register.index")
    return target


def _choose_transaction() -> None:
    g.may_write = request.method not in {"GET", "HEAD", "OPTIONS"}
    g.writing_token = writing.set(g.may_write)


def _end_transaction(_error: BaseException | None) -> None:
    token = g.pop("writing_token", None)
    if token is not None:
        writing.reset(token)


def _check_rule() -> ResponseReturnValue | None:
    endpoint = request.endpoint
    if endpoint is None:
        return None
    rule = RULES.get(endpoint)
    if rule is None:
        abort(403)
    # Open doors ask for nobody's name: style sheets and fonts cost no query.
    if rule is anyone or rule(actor_or_none()):
        return None
    if current_user.is_authenticated:
        abort(403)
    if _wants_json():
        abort(401, gettext("This needs a token: sign in, and send it as 'Authorization: Bearer'."))
    return redirect(url_for("accounts.sign_in", next=_this_page() if request.method == "GET" else None))


def _signed_in_by_cookie(token: str) -> SignedIn | None:
    # A cookie travels with every request that another site provokes; the API knows none of it.
    return None if _wants_json() else _holder(token)


def _signed_in_by_header(asked: Request) -> SignedIn | None:
    scheme, _, token = asked.headers.get("Authorization", "").partition(" ")
    return _holder(token.strip()) if _wants_json() and scheme.lower() == "bearer" else None


def _holder(token: str) -> SignedIn | None:
    if g.get("is_broken"):
        return None
    person = accounts.person_of(db.session, token, now())
    return SignedIn(token, person) if person else None


def _language() -> str:
    if _wants_json():
        return request.accept_languages.best_match(list(LANGUAGES), default="en")
    chosen = session.get("language")
    return chosen if chosen in LANGUAGES else "ko"


def _page_context() -> dict[str, Any]:
    person = signed_in_person()
    language = _language()
    settings = current_app.settings  # type: ignore[attr-defined]
    return {
        "language": language,
        "home_url": url_for("register.index"),
        "navigation": navigation(person.actor if person else None),
        "person": words.person_box(person) if person else None,
        "account_url": url_for("accounts.password"),
        "sign_in_url": url_for("accounts.sign_in"),
        "sign_out_url": url_for("accounts.sign_out"),
        "language_switch": [
            (
                code,
                label,
                url_for("accounts.choose_language", language=code, next=_this_page()),
                code == language,
            )
            for code, label in LANGUAGES.items()
        ],
        "demonstration": settings.demonstration,
        "official_masthead": settings.official_masthead,
        "operator": None,
        "footer_links": [
            (url_for("register.programmes"), gettext("Programmes and sites")),
            (url_for("api-docs.openapi_json"), gettext("Interface description (OpenAPI)")),
        ],
        "words": words,
        "design_words": design_words,
        "options": options,
        "complaints": complaints,
    }


def _this_page() -> str:
    return request.full_path.rstrip("?") if request.method == "GET" else url_for("register.index")


def _wants_json() -> bool:
    return request.path.startswith("/api/")


def _answer_error(error: Exception) -> ResponseReturnValue:
    status = next(status for kind, status in STATUS_OF_ERROR if isinstance(error, kind))
    db.session.rollback()
    if status >= 500:
        current_app.logger.error("broken record", extra={"path": request.path, "error": str(error)})
    if _wants_json():
        response = problem(status, words.error_sentence(error), **_facts(error))
        if isinstance(error, TooManyAttempts):
            response.headers["Retry-After"] = str(max(1, ceil((error.until - now()).total_seconds())))
        return response
    return render_template(
        f"errors/{status}.html", explanation=words.error_sentence(error), error=error
    ), status


def _facts(error: Exception) -> dict[str, Any]:
    """What a machine may want to know of a refusal."""
    if isinstance(error, Invalid):
        return {"errors": complaints.translated(error.errors)}
    if isinstance(error, Refused):
        return {"rule": error.rule}
    if isinstance(error, WrongMoment):
        meanwhile = dict(zip(("verb", "by", "at"), error.meanwhile, strict=True)) if error.meanwhile else None
        return {"state": error.status, "needs": error.needs, "meanwhile": meanwhile}
    return {}


def _answer_database_error(error: DBAPIError) -> ResponseReturnValue:
    """Two people at once: whoever came second reads the record again. Anything else is a fault."""
    crossed = isinstance(error, IntegrityError) or getattr(error.orig, "sqlstate", None) in GIVEN_UP
    if not crossed:
        raise error
    current_app.logger.warning("acts crossed", extra={"path": request.path, "error": str(error.orig)})
    return _answer_error(StaleDataError())


def _answer_http(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    db.session.rollback()
    g.is_broken = status >= 500
    if error.response is not None and not _wants_json():
        return error.response
    if status == 401 and not _wants_json():
        return redirect(url_for("accounts.sign_in"))
    if _wants_json():
        response = problem(status, str(error.description))
    else:
        template = status if status in {403, 404, 409, 422, 429, 500} else 422 if status < 500 else 500
        page = render_template(f"errors/{template}.html", explanation=None, error=error)
        response = current_app.make_response((page, status))
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response


def problem(status: int, detail: str, **facts: Any) -> Response:
    """An RFC 9457 problem document with `facts` beside its own members."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": words.HTTP_TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
    }
    response = jsonify(body | facts)
    response.status_code = status
    response.mimetype = "application/problem+json"
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if current_app.settings.https:  # type: ignore[attr-defined]
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    if request.endpoint != "static" and signed_in_person():
        response.headers.setdefault("Cache-Control", "no-store")
    return response
