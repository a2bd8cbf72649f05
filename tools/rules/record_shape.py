"""Every record has a folder with the same file names."""

from collections.abc import Iterator

from tools.rules.tree import Finding, Tree

ROOM = ("geminicrm", "crm")
NOT_RECORDS = frozenset({"shared", "templates", "static"})
NAMES = frozenset(
    {
        "__init__.py",
        "api.py",
        "commands.py",
        "errors.py",
        "events.py",
        "jobs.py",
        "models.py",
        "schemas.py",
        "service.py",
        "views.py",
    }
)
# A new file name is a decision: record, name -> reason.
DECIDED: dict[tuple[str, str], str] = {
    ("deals", "moving.py"): "how stage and status decide each other is a matter of its own",
    ("pipelines", "stages.py"): "stages are completed and checked before anything is stored",
}
DEPTH = 4


def check(tree: Tree) -> Iterator[Finding]:
    """Give the files of records with names that were not decided."""
    for source in tree.files:
        inside = source.parts[:2] == ROOM and len(source.parts) >= DEPTH
        if inside and source.parts[2] not in NOT_RECORDS:
            record, name = source.parts[2], "/".join(source.parts[3:])
            if name not in NAMES and (record, name) not in DECIDED:
                yield source.finding(1, f"{name} is no file name of a record")
