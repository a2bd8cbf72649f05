"""What is asked of every contender, and what a right answer is."""

import itertools
import json
import random
from collections.abc import Callable, Sequence
from typing import Any

from bench.load import Exchange, Source

PAGE = 50
_OK, _CREATED = 200, 201


def request(method: str, path: str, token: str = "", body: object = None) -> bytes:
    """Give a request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Accept: application/json"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    data = b""
    if body is not None:
        data = json.dumps(body).encode()
        lines += ["Content-Type: application/json", f"Content-Length: {len(data)}"]
    return "\r\n".join([*lines, "", ""]).encode() + data


def lead(number: int) -> dict[str, Any]:
    """Give the fields of the lead with this number; the same for every contender."""
    return {
        "first_name": "Ada",
        "last_name": f"Lovelace {number}",
        "email": f"ada{number}@example.com",
        "phone": "+44 20 7946 0958",
        "company": f"Analytical Engines {number % 97}",
        "title": "Countess",
        "source": "bench",
        "status": "new",
        "amount": "1250.50",
        "currency": "EUR",
        "tags": ["bench", "warm"],
        "custom": {"shoe_size": 38},
    }


def read_one(token: str, path: str, ids: Sequence[str], seed: int) -> Source:
    """Read leads picked at random; the answer has to be the lead that was asked for."""
    pick = random.Random(seed)  # noqa: S311 - which record is read is no secret

    def source() -> Exchange:
        wanted = pick.choice(ids)

        def is_right(status: int, body: bytes) -> bool:
            return status == _OK and json.loads(body)["id"] == wanted

        return Exchange(request("GET", f"{path}/{wanted}", token), is_right)

    return source


def list_pages(token: str, path: str, key: str) -> Source:
    """Page through a list, 50 at a time, by the cursor of the page before; then begin again.

    `key` names the member that holds the records. Each page has to be full and to go on strictly
    behind the one before (ids fall), the last one excepted.
    """
    place = {"query": f"?limit={PAGE}", "last": ""}

    def is_right(status: int, body: bytes) -> bool:
        page = json.loads(body)
        ids = [record["id"] for record in page[key]]
        cursor = cursor_of(page)
        last, place["last"] = place["last"], ids[-1] if cursor else ""
        place["query"] = f"?limit={PAGE}&cursor={cursor}" if cursor else f"?limit={PAGE}"
        falling = all(a > b for a, b in itertools.pairwise(ids)) and (not last or ids[0] < last)
        return status == _OK and falling and (len(ids) == PAGE or not cursor)

    return lambda: Exchange(request("GET", path + place["query"], token), is_right)


def cursor_of(page: dict[str, Any]) -> str | None:
    """Give the cursor of the next page: ours and the control's, or out of a link as DRF gives."""
    if "next_cursor" in page:
        return page["next_cursor"]  # type: ignore[no-any-return]  # JSON is untyped
    link = page["next"]
    return link.partition("cursor=")[2].partition("&")[0] if link else None


def create(token: str, path: str, counter: Callable[[], int]) -> Source:
    """Create leads; the answer has to be the lead that was sent, with an id."""

    def source() -> Exchange:
        sent = lead(counter())

        def is_right(status: int, body: bytes) -> bool:
            got = json.loads(body)
            return status == _CREATED and bool(got["id"]) and sent.items() <= got.items()

        return Exchange(request("POST", path, token, sent), is_right)

    return source


def fetch(token: str, path: str, expected: bytes | None = None, also: Sequence[int] = ()) -> Source:
    """Get one path again and again; the answer is 200 and, where given, exactly `expected`.

    `also` lists further statuses that count as right.
    """
    data = request("GET", path, token)

    def is_right(status: int, body: bytes) -> bool:
        return status in also or (status == _OK and (expected is None or body == expected))

    return lambda: Exchange(data, is_right)
