"""The guarded HTTP client: the only way out of the core."""

from geminicrm.kernel.http.client import HttpClient
from geminicrm.kernel.http.errors import (
    AddressRefused,
    ConnectFailed,
    HttpFailed,
    HttpTimeout,
    ResponseBroken,
    ResponseTooLarge,
    TlsFailed,
)
from geminicrm.kernel.http.guard import AddressGuard, Target
from geminicrm.kernel.http.message import HttpRequest, HttpResponse, Sink

__all__ = [
    "AddressGuard",
    "AddressRefused",
    "ConnectFailed",
    "HttpClient",
    "HttpFailed",
    "HttpRequest",
    "HttpResponse",
    "HttpTimeout",
    "ResponseBroken",
    "ResponseTooLarge",
    "Sink",
    "Target",
    "TlsFailed",
]
