"""The guard at every door: who is asking, and may a browser's request be believed."""

import contextlib
import functools
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, g, request
from flask_login import LoginManager, UserMixin, current_user
from flask_wtf.csrf import CSRFError, CSRFProtect
from typing_extensions import override

from geminicrm.identity.actor import PersonActor
from geminicrm.identity.sign_in import actor_of_session
from geminicrm.identity.tokens import actor_of_token
from geminicrm.kernel.errors import Forbidden, ScopeMissing, Unauthenticated
from geminicrm.kernel.generation import AUTH, Generations
from geminicrm.kernel.work import Work, Works
from geminicrm.web.security import keep_address_secret

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_CACHE_SIZE = 2000
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class _Held:
    actor: PersonActor
    ends: datetime | None


class Credentials:
    """Turns secrets into actors; remembers them until the auth generation rises.

    A revoked token or a changed role bumps the generation, so what is remembered here never
    outlives the change on this machine.
    """

    def __init__(self, works: Works, generations: Generations) -> None:
        self._works = works
        self._generations = generations
        self._seen = generations.get(AUTH)
        self._held: dict[str, _Held] = {}
        self._lock = threading.Lock()

    def actor(self, secret: str) -> PersonActor | None:
        """Find who holds this secret; None where it does not hold (any more)."""
        if self._generations.get(AUTH) != self._seen:
            self.forget()
        held = self._held.get(secret)
        if held is None:
            held = self._look_up(secret)
        if held is None or (held.ends is not None and held.ends <= self._works.clock.now()):
            return None
        return held.actor

    def forget(self) -> None:
        """Drop everything remembered."""
        with self._lock:
            self._seen = self._generations.get(AUTH)
            self._held = {}

    def _look_up(self, secret: str) -> _Held | None:
        seen = self._generations.get(AUTH)
        find = actor_of_session if secret.startswith("gcs_") else actor_of_token
        with self._works.across_workspaces("authenticate a request") as work:
            found = find(work, secret)
        if found is None:
            return None
        held = _Held(*found)
        with self._lock:
            if seen == self._seen:
                if len(self._held) >= _CACHE_SIZE:
                    self._held = {}
                self._held[secret] = held
        return held


class SignedIn(UserMixin):  # type: ignore[misc]  # Flask-Login has no types
    """What Flask-Login keeps of a browser that is signed in: the secret of its session."""

    def __init__(self, secret: str, actor: PersonActor) -> None:
        self.secret = secret
        self.actor = actor

    @override
    def get_id(self) -> str:
        return self.secret


def public(view: View) -> View:
    """Mark a view as open to anybody; every other view needs an actor."""
    view.geminicrm_public = True  # type: ignore[attr-defined]  # a mark for the guard, read below
    return view


def by_secret_link(view: View) -> View:
    """Mark a view as open to whoever has the secret in its address, which stays secret."""
    view.geminicrm_secret_link = True  # type: ignore[attr-defined]  # a mark for the guard, read below
    return public(view)


def for_services(view: View) -> View:
    """Mark a view as open to outside services, whose requests the view itself believes or not.

    Neither session nor token counts there, so there is nothing of a browser to be borrowed; the
    address is secret.
    """
    view.geminicrm_for_services = True  # type: ignore[attr-defined]  # a mark for the guard, read below
    return by_secret_link(view)


class Guard:
    """Runs before every view of the application."""

    def __init__(self, app: Flask, works: Works, credentials: Credentials) -> None:
        self._app = app
        self._works = works
        self._credentials = credentials
        self._login = LoginManager(app)
        self._login.user_loader(self._load)
        self._csrf = CSRFProtect()
        app.config["WTF_CSRF_CHECK_DEFAULT"] = False  # the guard decides when, see below
        app.config["WTF_CSRF_TIME_LIMIT"] = None
        self._csrf.init_app(app)

    def check(self) -> None:
        """Identify the caller; refuse strangers and forged requests of browsers."""
        g.works = self._works
        if request.routing_exception is not None:
            return  # nothing to guard: no such place, or not with this method
        if self._is_marked("secret_link"):
            keep_address_secret()
        if self._is_marked("for_services"):
            g.actor = None
            return  # and nothing of the body is read: the view says how large it may be
        bearer = _bearer()
        if bearer is not None:
            g.actor = self._credentials.actor(bearer) if bearer.startswith("gck_") else None
        else:
            g.actor = current_user.actor if current_user.is_authenticated else None
            if request.method not in SAFE_METHODS:
                self._refuse_forged()
        if g.actor is None and not self._is_public():
            raise Unauthenticated

    def _load(self, secret: str) -> SignedIn | None:
        actor = self._credentials.actor(secret) if secret.startswith("gcs_") else None
        return SignedIn(secret, actor) if actor else None

    def _is_public(self) -> bool:
        return self._is_marked("public") or _is_static()

    def _is_marked(self, mark: str) -> bool:
        view = self._app.view_functions[request.endpoint or ""]
        return getattr(view, f"geminicrm_{mark}", False)

    def _refuse_forged(self) -> None:
        origin = request.headers.get("Origin")
        if origin == "null" and self._is_marked("secret_link"):
            # A page without referrers sends its forms so (Fetch, "append a request Origin header").
            # The secret in the address and the token in the form are what counts there.
            origin = None
        if origin is not None and urlsplit(origin).netloc != request.host:
            raise Forbidden(f"The request comes from another site ({origin}).")
        if g.actor is None and not self._is_public():
            raise Unauthenticated
        # Reading the form for its token must not use up what an extension's route waits for.
        request.get_data(cache=True)
        try:
            self._csrf.protect()
        except CSRFError as error:
            raise Forbidden(f"{error.description} Load the page again, then repeat.") from error


def current_actor() -> PersonActor:
    """Give who is asking; Unauthenticated where nobody is."""
    actor = g.get("actor")
    if actor is None:
        raise Unauthenticated
    return actor  # type: ignore[no-any-return]  # flask.g is untyped


def current_works() -> Works:
    """Give where units of work are opened."""
    return g.works  # type: ignore[no-any-return]  # flask.g is untyped


def reading() -> contextlib.AbstractContextManager[Work]:
    """Open a reading unit of work for whoever is asking."""
    return current_works().read(current_actor())


def writing() -> contextlib.AbstractContextManager[Work]:
    """Open a writing unit of work for whoever is asking."""
    return current_works().write(current_actor())


def needs(scope: str) -> Callable[[View], View]:
    """Refuse a view to actors without the scope, before anything else is done."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def checked(*args: Any, **kwargs: Any) -> Any:
            actor = current_actor()
            if not actor.allows(scope):
                raise ScopeMissing(scope, actor.label)
            return view(*args, **kwargs)

        return checked  # type: ignore[return-value]  # same signature by construction

    return decorate


def _is_static() -> bool:
    return (request.endpoint or "").endswith("static")


def _bearer() -> str | None:
    header = request.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, secret = header.partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""
