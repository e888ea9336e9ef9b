"""Made-up sales in the shape of Superstore, from a seed: for the demo, the tests and the benches.

In: a seed and a number of rows. Out: CSV files (24 columns, UTF-8, LF, dates yyyy-MM-dd) whose names carry
their as-of, and for each file what was put into it, so that the accounting can be compared with a promise.
Guaranteed: the same arguments give the same bytes; memory does not grow with the rows; nothing is copied from
a real data set: people, products, orders and amounts are invented, the cities are real places.
"""

from lakehouse.sample.benches import write_history, write_increment
from lakehouse.sample.days import write_sample
from lakehouse.sample.files import SampleFile, file_name
from lakehouse.sample.stories import Story

__all__ = ["SampleFile", "Story", "file_name", "write_history", "write_increment", "write_sample"]
