"""`gold.dim_date`: one row a day of the years in the settings, and the members -1 and -2.

In: the calendar's settings. Out: rows of the contract. Guaranteed: pure, and the same wherever it is built.
"""

from datetime import date

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.contract.model import Table
from lakehouse.gold.keys import NOT_APPLICABLE, UNKNOWN
from lakehouse.runtime.setting_groups import CalendarSettings


def date_sk(day: SparkColumn) -> SparkColumn:
    """The key of a day: yyyymmdd as BIGINT; -2 where there is no day."""
    number = F.year(day) * 10_000 + F.month(day) * 100 + F.dayofmonth(day)
    return F.coalesce(number, F.lit(NOT_APPLICABLE)).cast("bigint")


def number_of(day: date) -> int:
    """The same of a day at hand."""
    return day.year * 10_000 + day.month * 100 + day.day


def calendar_rows(spark: SparkSession, table: Table, calendar: CalendarSettings) -> DataFrame:
    """All rows of the calendar."""
    first, last = (F.make_date(F.lit(y), F.lit(m), F.lit(d)) for y, m, d in _ends(calendar))
    days = spark.range(1).select(F.explode(F.sequence(first, last)).alias("day"))
    day, month, start = F.col("day"), F.month("day"), calendar.fiscal_year_start_month
    fiscal_month = (month - start + 12) % 12 + 1
    made = {
        "date_sk": date_sk(day),
        "calendar_date": day,
        "label": F.date_format(day, "yyyy-MM-dd"),
        "year": F.year(day),
        "quarter": F.quarter(day),
        "month": month,
        "month_name": F.date_format(day, "MMMM"),
        "day": F.dayofmonth(day),
        "day_of_year": F.dayofyear(day),
        "iso_year": F.extract(F.lit("YEAROFWEEK"), day),
        "iso_week": F.weekofyear(day),
        "weekday": F.weekday(day) + 1,
        "weekday_name": F.date_format(day, "EEEE"),
        "is_weekend": F.weekday(day) >= 5,
        "fiscal_year": F.year(day) + F.when((month >= start) & (F.lit(start) > 1), 1).otherwise(0),
        "fiscal_quarter": F.ceil(fiscal_month / 3),
        "fiscal_month": fiscal_month,
    }
    numbers = {c.name for c in table.columns if c.type == "integer"}
    typed = {name: value.cast("bigint") if name in numbers else value for name, value in made.items()}
    rows = days.select(*(typed[c.name].alias(c.name) for c in table.columns))
    named = [(UNKNOWN, "unknown"), (NOT_APPLICABLE, "not applicable")]
    both = spark.createDataFrame(named, "date_sk bigint, label string")
    return rows.unionByName(both, allowMissingColumns=True)


def _ends(calendar: CalendarSettings) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    return (calendar.first_year, 1, 1), (calendar.last_year, 12, 31)
