"""The shape of a Superstore record: its 24 columns, and the way between fields and CSV text.

In: fields. Out: RFC 4180 text with LF, quoted only where it must be. Guaranteed: `fields(text(x)) == x`.
"""

import csv
from collections.abc import Sequence

HEADER = (
    "Row ID,Order ID,Order Date,Ship Date,Ship Mode,Customer ID,Customer Name,Segment,City,State,Country,"
    "Postal Code,Market,Region,Product ID,Category,Sub-Category,Product Name,Sales,Quantity,Discount,Profit,"
    "Shipping Cost,Order Priority\n"
)

COLUMNS = tuple(HEADER.rstrip().split(","))

AT = {name: position for position, name in enumerate(COLUMNS)}


def quoted(value: str) -> str:
    """The value as one CSV field."""
    if any(sign in value for sign in ',"\r\n'):
        return '"' + value.replace('"', '""') + '"'
    return value


def joined(values: Sequence[str]) -> str:
    """Several values as CSV, without the line end: a whole record, or a piece of one."""
    return ",".join(map(quoted, values))


def text(fields: Sequence[str]) -> str:
    """A record as a line with its LF."""
    return joined(fields) + "\n"


def fields(line: str) -> list[str]:
    """The fields of one line that holds exactly one record."""
    return next(csv.reader([line], strict=True))
