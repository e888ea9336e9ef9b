"""The file of the road's bench: Online Retail as it is, or made-up invoice lines of the same shape and size.

In: how many rows. Out: a CSV file, and where it is from. Guaranteed: made-up lines are the same each time, and
hold what makes work: returns, missing customers, exact duplicates, negative prices, untidy descriptions.
"""

import itertools
import os
import random
from datetime import datetime, timedelta
from pathlib import Path

REAL = "online_retail/online_retail.csv"
ROWS = 541_909
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
FIRST = datetime(2010, 12, 1, 8, 0)  # noqa: DTZ001 - the file's times bear no zone
COUNTRIES = ("United Kingdom", "Germany", "France", "EIRE", "Spain")


def invoices(path: Path, rows: int = ROWS) -> str:
    """Write the first `rows` rows to `path`; says what they are."""
    real = Path(os.environ.get("RETAIL_REAL_DATA", "-"), REAL)
    if real.is_file():
        with real.open(encoding="utf-8", newline="") as lines, path.open("w", encoding="utf-8", newline="") as out:
            out.writelines(itertools.islice(lines, rows + 1))
        return "Online Retail (UCI)"
    with path.open("w", encoding="utf-8", newline="") as out:
        out.write(HEADER)
        out.writelines(made_up(rows))
    return "made-up invoice lines in the shape of Online Retail: RETAIL_REAL_DATA is not set"


def made_up(rows: int, seed: int = 7) -> list[str]:
    """Invoice lines, about 21 an invoice; 1 in 100 repeats the one before it."""
    dice = random.Random(seed)
    lines: list[str] = []
    for row in range(rows):
        if lines and dice.random() < 0.01:
            lines.append(lines[-1])
            continue
        invoice = row // 21
        moment = FIRST + timedelta(minutes=20 * invoice % 500_000)
        product = dice.randrange(4_000)
        blank = "  " if product % 5 == 0 else ""
        quantity = dice.randint(1, 48) * (-1 if dice.random() < 0.02 else 1)
        price = f"{'-' if dice.random() < 0.0005 else ''}{dice.randint(10, 2_000) / 100:.2f}"
        customer = "" if invoice % 4 == 0 else 12_000 + invoice % 4_400
        lines.append(
            f"{536_365 + invoice},{10_000 + product},{blank}PAPER  LANTERN No {product}{blank},{quantity},"
            f"{moment.month}/{moment.day}/{moment.year} {moment:%-H:%M},{price},{customer},"
            f"{COUNTRIES[invoice % 9 % 5]}\n"
        )
    return lines
