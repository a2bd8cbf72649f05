"""Signing in with an account elsewhere (OpenID Connect, OAuth 2.0)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInStart:
    """Where to send the browser; keep `state`, `nonce` and `verifier` with its session.

    Each is used once, within 10 minutes.
    """

    url: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideIdentity:
    """Who somebody is, as the provider vouches: `issuer` and `subject` together never change.

    `email` counts only where it is `email_verified`; people change addresses, so it is no key.
    `tenant` is the organisation at the provider, "" for none.
    """

    issuer: str
    subject: str
    email: str = ""
    email_verified: bool = False
    name: str = ""
    given_name: str = ""
    family_name: str = ""
    picture_url: str = ""
    locale: str = ""
    tenant: str = ""
    signed_in_at: datetime | None = None


class Identity(Protocol):
    """The contract `identity`. Every operation raises a ServiceError."""

    def begin(
        self, redirect_uri: str, purpose: Literal["sign_in", "sign_up", "link"] = "sign_in"
    ) -> SignInStart:
        """Begin a sign-in in a browser, with PKCE."""

    def finish(self, start: SignInStart, code: str, redirect_uri: str) -> OutsideIdentity:
        """Trade a code for who it is. Raises AuthenticationError for one that does not hold."""

    def verify_token(self, token: str, nonce: str = "") -> OutsideIdentity:
        """Check an ID token that an app brought: issuer, audience, times, nonce and signature.

        Raises AuthenticationError.
        """
