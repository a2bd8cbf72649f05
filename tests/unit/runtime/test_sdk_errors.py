import pytest

from extensions.sdk import errors as sdk
from geminicrm.kernel import errors as core
from geminicrm.runtime.failures import StorageFull
from geminicrm.runtime.sdk_errors import to_sdk


@pytest.mark.parametrize(
    ("error", "expected", "text"),
    [
        (core.ScopeMissing("read:leads"), sdk.PermissionDenied, "read:leads"),
        (core.NotFound("x", "y"), sdk.NotFound, "no lead with the id lead_1"),
        (core.ValidationFailed([core.Finding("/a", "b", "c")]), sdk.Invalid, "/a: c"),
        (core.Conflict("busy"), sdk.Conflict, "busy"),
        (StorageFull("10 MiB"), sdk.QuotaExceeded, "10 MiB"),
        (core.PreconditionFailed("old"), sdk.Conflict, "old"),
        (core.BadRequest("odd"), sdk.Invalid, "odd"),
        (core.TooLarge("big"), sdk.Invalid, "big"),
        (core.Unavailable("later"), sdk.Unavailable, "later"),
        (core.TooManyRequests("slow", 9), sdk.Unavailable, "slow"),
        (core.Forbidden("no"), sdk.SdkError, "no"),
    ],
)
def test_each_error_of_the_core_has_one_of_the_sdk(
    error: core.AppError, expected: type[sdk.SdkError], text: str
):
    found = to_sdk(error, "lead", "lead_1")

    assert type(found) is expected
    assert text in str(found)


def test_the_time_to_wait_is_kept():
    found = to_sdk(core.TooManyRequests("slow", 9), "lead", "")

    assert isinstance(found, sdk.Unavailable)
    assert found.retry_after == 9
