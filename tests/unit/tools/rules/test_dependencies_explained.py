from tests.support.rules import findings
from tools.rules.dependencies_explained import check


def test_both_directions_are_found():
    files = {
        "requirements.txt": "# why\nFlask_Login==1\npsycopg[binary]==3\nrq==2  # jobs\n\n",
        "docs/dependencies.md": "| a | why |\n| `flask-login` |\n| `psycopg` |\n| `celery` |\n",
    }
    assert findings(check, files) == [
        "docs/dependencies.md:1: rq is not explained",
        "docs/dependencies.md:1: celery is no dependency",
    ]
