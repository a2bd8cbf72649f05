import msgspec
import pytest

from extensions.sdk import errors as sdk
from extensions.sdk import service_errors as service
from geminicrm.runtime.host import raised
from geminicrm.runtime.host.messages import ErrorFacts
from geminicrm.runtime.host.raised import error_of, facts_of, short
from geminicrm.runtime.host.wire import MOST_HEADER, WireBroken

FOUND = sdk.Finding("/email", "not_an_email", "Give an address.")


class OwnError(sdk.Unavailable):
    """An error that an extension derives from one of the SDK's."""

    code = "own"


class Unreadable(sdk.SdkError):
    """An error whose text can't be read."""

    def __str__(self) -> str:
        raise KeyError("secret")


ERRORS = [
    sdk.SdkError("plain"),
    sdk.PermissionDenied("read:leads"),
    sdk.NotFound("lead", "lead_1"),
    sdk.Conflict("changed"),
    sdk.QuotaExceeded("10 MiB"),
    sdk.Invalid([FOUND, sdk.Finding("", "b", "c")]),
    sdk.InvalidBlocks([FOUND]),
    sdk.Refused("no", "email"),
    sdk.Refused("no"),
    sdk.UnknownAction("go"),
    sdk.Unavailable("later", 7),
    sdk.JobStopped("over"),
    sdk.HttpError("bad"),
    sdk.HttpNotAllowed("example.com"),
    sdk.HttpFailed("no answer", sent=False),
    sdk.HttpFailed("no answer"),
    service.NotConnected("stripe"),
    service.ServiceError("no", mend="Wait.", service_code="x1", accepted="unknown"),
    service.AuthenticationError("no"),
    service.AccessDenied("no"),
    service.ServiceNotFound("no"),
    service.ServiceRefused("no", service_code="card_declined"),
    service.RateLimited("no", retry_after=7),
    service.ServiceUnavailable("no"),
    service.OutcomeUnknown("lost"),
]


def over_the_wire(error: sdk.SdkError) -> sdk.SdkError:
    data = msgspec.msgpack.encode(facts_of(error))
    return error_of(msgspec.msgpack.decode(data, type=ErrorFacts))


@pytest.mark.parametrize("error", ERRORS, ids=range(len(ERRORS)))
def test_errors_come_out_as_they_went_in(error: sdk.SdkError):
    found = over_the_wire(error)

    assert type(found) is type(error)
    assert str(found) == str(error)
    assert vars(found) == vars(error)


def test_every_error_of_the_sdk_is_among_them():
    names = {**vars(sdk), **vars(service)}
    tree = {kind for kind in names.values() if isinstance(kind, type)}
    errors = {kind for kind in tree if issubclass(kind, sdk.SdkError)}

    assert errors == set(raised._KEPT) == {type(error) for error in ERRORS}  # noqa: SLF001 - the table that has to be whole


def test_an_extensions_own_error_is_the_one_it_derives_from():
    found = over_the_wire(OwnError("mine", 3))

    assert isinstance(found, sdk.Unavailable)
    assert (type(found), str(found), found.retry_after) == (sdk.Unavailable, "mine", 3)


def test_an_error_of_a_later_sdk_is_a_plain_one():
    assert str(error_of(ErrorFacts("from_the_future", "text"))) == "text"
    assert type(error_of(ErrorFacts("from_the_future", "text"))) is sdk.SdkError


@pytest.mark.parametrize(
    "facts",
    [
        ErrorFacts("permission_denied", "no"),
        ErrorFacts("unavailable", "no", {"retry_after": None}),
        ErrorFacts("unavailable", "no", {"retry_after": "x"}),
    ],
)
def test_an_error_without_what_it_keeps_breaks_the_protocol(facts: ErrorFacts):
    with pytest.raises(WireBroken, match="without what it keeps"):
        error_of(facts)


def test_waits_have_a_limit():
    assert over_the_wire(sdk.Unavailable("x", 10**15)).retry_after == 86_400  # type: ignore[attr-defined]  # of Unavailable
    assert over_the_wire(sdk.Unavailable("x", -5)).retry_after == 0  # type: ignore[attr-defined]  # of Unavailable


@pytest.mark.parametrize(
    "error",
    [
        sdk.Invalid([sdk.Finding("/é" * 5000, "c" * 5000, "\ud800" * 5000)] * 500),
        sdk.NotFound("\U0001f600" * 50_000, "\U0001f600" * 50_000),
        sdk.Refused("ü" * 50_000, "ü" * 50_000),
    ],
    ids=lambda error: error.code,
)
def test_every_error_fits_into_a_header(error: sdk.SdkError):
    data = msgspec.msgpack.encode(facts_of(error))

    assert len(data) < MOST_HEADER - 100
    assert type(error_of(msgspec.msgpack.decode(data, type=ErrorFacts))) is type(error)


def test_errors_whose_text_fails_travel_too():
    assert str(over_the_wire(Unreadable())) == "Unreadable: (its text can't be read)"


def test_texts_are_cut_between_characters():
    assert short("aü", 2) == "a"
    assert short("a\ud800", 9) == "a?"
