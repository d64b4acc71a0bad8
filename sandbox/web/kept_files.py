"""Files that people send and fetch on pages: read from a form within the limit, given as a download."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from werkzeug.http import dump_options_header

from experiments.errors import Invalid
from sandbox.exemptions import files
from sandbox.web.rim import file_store


def sent_file() -> dict[str, Any]:
    """Name and content of the file in the form; Invalid where none was chosen."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise Invalid({"file": ["Choose a file."]})
    return {"name": sent.filename, "body": sent.stream.read(files.LARGEST_FILE_BYTES + 1)}


def download(found: Any) -> Response:
    """The file as a download; no browser is to open or guess what somebody else sent."""
    answer = Response(file_store().read(found.sha256), mimetype=found.media_type)
    answer.headers["Content-Disposition"] = dump_options_header("attachment", {"filename": found.name})
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
