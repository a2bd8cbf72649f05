"""What is read of HTML mail."""

import pytest

from geminicrm.mail.plain import plain


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Hello&nbsp;<b>Ada</b>,<br>it\nworks</p>", "Hello Ada,\nit works"),
        ("<head><title>No</title><style>p{}</style><body>Yes", "Yes"),
        ("<p>One</p><script>alert(1)</script><div><div>Two</div></div>", "One\n\nTwo"),
        ("<img src=x onerror=alert(1)>&lt;b&gt;", "<b>"),
        ("</script>Still here", "Still here"),
        ("", ""),
    ],
)
def test_only_text_is_left(html, text):
    assert plain(html) == text
