import pytest

from tests.support.rules import findings
from tools.rules import record_shape


def test_an_undecided_name_is_found(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(record_shape, "DECIDED", {("deals", "flow.py"): "winning and losing"})
    files = dict.fromkeys(
        (
            "geminicrm/crm/leads/models.py",
            "geminicrm/crm/leads/helpers.py",
            "geminicrm/crm/leads/deep/api.py",
            "geminicrm/crm/leads/flow.py",
            "geminicrm/crm/deals/flow.py",
            "geminicrm/crm/shared/anything.py",
            "geminicrm/crm/templates/crm/a.html",
            "geminicrm/crm/build.py",
            "geminicrm/kernel/helpers.py",
        ),
        "",
    )
    assert findings(record_shape.check, files) == [
        "geminicrm/crm/leads/helpers.py:1: helpers.py is no file name of a record",
        "geminicrm/crm/leads/deep/api.py:1: deep/api.py is no file name of a record",
        "geminicrm/crm/leads/flow.py:1: flow.py is no file name of a record",
    ]
