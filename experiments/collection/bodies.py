"""Bodies of answers, decoded piece by piece and never beyond what was agreed."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import httpx

from experiments.collection.faults import HubFault, PassingFault, quote
from experiments.collection.settings import CollectionSettings

_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
_PIECE = 256 * 1024
# Small bodies may be as regular as they like; beyond this the ratio counts.
_FREE_OF_RATIO = 1024 * 1024


def read_body(response: httpx.Response, settings: CollectionSettings, *, url: str) -> bytes:
    """The decoded body of a streamed response.

    HubFault where it grows beyond the cap, in itself or against what was sent, or does not decode;
    PassingFault where it ends within its compression.
    """
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "", "gzip", "x-gzip", "deflate"):
        raise HubFault(f"the body is encoded as {quote(encoding)}, which was not asked for", url=url)
    decoder = None if encoding in ("identity", "") else zlib.decompressobj(_GZIP_OR_ZLIB)
    pieces: list[bytes] = []
    sent = size = 0
    try:
        for chunk in response.iter_raw():
            sent += len(chunk)
            for piece in _decoded(decoder, chunk):
                size += len(piece)
                _check_size(size, sent, settings, url)
                pieces.append(piece)
        pieces.append(_end(decoder, sent, url))
    except zlib.error as error:
        raise HubFault(f"the body does not decode: {quote(error)}", url=url) from None
    return b"".join(pieces)


def _check_size(size: int, sent: int, settings: CollectionSettings, url: str) -> None:
    if size > settings.largest_answer_bytes:
        raise HubFault(f"the body exceeds {settings.largest_answer_bytes:,} bytes", url=url)
    if size > _FREE_OF_RATIO and size > sent * settings.largest_ratio:
        raise HubFault(f"the body unpacks to more than {settings.largest_ratio} times its size", url=url)


def _end(decoder: zlib._Decompress | None, sent: int, url: str) -> bytes:
    """The last bytes, once the compression is known to be whole."""
    if decoder is None or not sent:
        return b""
    rest = decoder.flush()
    if not decoder.eof:
        raise PassingFault("the body ends within its compression", url=url)
    if decoder.unused_data:
        raise HubFault("the body goes on behind its compressed part", url=url)
    return rest


def _decoded(decoder: zlib._Decompress | None, chunk: bytes) -> Iterator[bytes]:
    """The pieces that `chunk` unpacks to, none larger than agreed."""
    if decoder is None:
        yield chunk
        return
    while chunk and not decoder.eof:
        yield decoder.decompress(chunk, _PIECE)
        chunk = decoder.unconsumed_tail
