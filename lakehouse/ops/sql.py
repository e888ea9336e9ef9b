"""Conditions in the SQL of delta-rs.

In: texts and numbers. Out: SQL in which they stand as literals, since it knows no parameters. Guaranteed: a text
cannot end its literal.
"""

from collections.abc import Collection, Mapping


def quoted(text: str) -> str:
    """A text as SQL writes it."""
    return "'{}'".format(text.replace("'", "''"))


def any_of(texts: Mapping[str, Collection[str]]) -> str:
    """Each of these columns has one of its texts."""
    return " AND ".join(f"{name} IN ({', '.join(map(quoted, those))})" for name, those in texts.items())


def equal_to(values: Mapping[str, str | int]) -> str:
    """Each of these columns has its value; true where there is none."""
    told = {name: quoted(value) if isinstance(value, str) else str(int(value)) for name, value in values.items()}
    return " AND ".join(f'"{name}" = {value}' for name, value in told.items()) or "true"
