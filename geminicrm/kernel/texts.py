"""Texts of strangers, made fit to be stored."""


def storable(text: str, most: int) -> str:
    """Give a text that any database takes, cut at `most` characters.

    What an extension says may hold what PostgreSQL does not take (NUL) or UTF-8 (halves of
    surrogate pairs).
    """
    text = text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    return text if len(text) <= most else f"{text[: most - 1]}…"
