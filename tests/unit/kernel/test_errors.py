import pytest

from geminicrm.kernel import errors
from geminicrm.kernel.errors import AppError, Finding


def descendants(kind: type[AppError]) -> list[type[AppError]]:
    return [each for sub in kind.__subclasses__() for each in (sub, *descendants(sub))]


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    own = [each for each in descendants(AppError) if each.__module__ == errors.__name__]
    assert {f"{each.__name__} ({each.status})" for each in own} == {
        line.strip("│├└─ ") for line in (errors.__doc__ or "").splitlines() if "─" in line
    }


def test_every_code_is_used_once() -> None:
    # A leaf that only narrows another keeps its code; whoever names one names a new one.
    codes = [vars(each)["code"] for each in descendants(AppError) if "code" in vars(each)]
    assert len(codes) == len(set(codes))


def test_a_failed_validation_lists_every_finding() -> None:
    error = errors.ValidationFailed([Finding("/a", "x", "Mend a."), Finding("", "y", "Mend all.")])
    assert str(error) == "/a: Mend a.; /: Mend all."
    assert error.extra["errors"] == [
        {"pointer": "/a", "code": "x", "message": "Mend a."},
        {"pointer": "", "code": "y", "message": "Mend all."},
    ]


@pytest.mark.parametrize("kind", [errors.TooManyRequests, errors.Unavailable])
@pytest.mark.parametrize(("seconds", "header"), [(0.01, "1"), (2.4, "2"), (90, "90")])
def test_those_who_may_come_back_are_told_when(
    kind: type[errors.Unavailable], seconds: float, header: str
) -> None:
    assert kind("Busy.", retry_after=seconds).headers == {"Retry-After": header}


def test_a_missing_scope_is_named_in_the_challenge() -> None:
    error = errors.ScopeMissing("write:deals", "Ada")
    assert error.detail == "Ada lacks the permission 'write:deals'."
    assert 'scope="write:deals"' in error.headers["WWW-Authenticate"]
    assert error.extra == {"scope": "write:deals"}


def test_without_a_sign_in_the_scheme_is_told() -> None:
    assert errors.Unauthenticated().headers["WWW-Authenticate"].startswith("Bearer ")


def test_what_is_not_there_and_what_is_set_wrong_are_named() -> None:
    assert "lead 'lead_1'" in str(errors.NotFound("lead", "lead_1"))
    assert str(errors.ConfigurationError("PORT", "x", "a number")) == (
        "PORT is 'x'; expected a number."
    )
