"""The REST APIs of the services, as a client that may get no answer."""

import http.client
import json
from collections.abc import Iterator
from typing import Any

_ANSWER_WITHIN = 15.0


class NoAnswer(Exception):
    """Nobody there, or no answer in time: it is not known whether the request had an effect."""


def ask(port: int, method: str, path: str, body: object = None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    """One request to an instance: the status and the JSON of the answer. Raises NoAnswer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_ANSWER_WITHIN)
    try:
        content = {"Content-Type": "application/json"} if body is not None else {}
        connection.request(method, path, None if body is None else json.dumps(body), content | (headers or {}))
        response = connection.getresponse()
        return response.status, json.loads(response.read() or b"null")
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoAnswer(f"{method} {path}: {error!r}") from error
    finally:
        connection.close()


def pages(port: int, path: str) -> Iterator[dict]:
    """All pages of a list, as they come; of a calm system. `path` has its query already."""
    cursor = ""
    while True:
        status, page = ask(port, "GET", path + (f"&cursor={cursor}" if cursor else ""))
        if status == 404:
            return
        if status != 200:
            raise NoAnswer(f"GET {path}: answered {status}: {page}")
        yield page
        if not (cursor := page["nextCursor"]):
            return
