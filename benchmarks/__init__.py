"""Benchmarks: what the road costs, beside a peer that does the same without Spark; `make bench` runs them.

In: the real files where RETAIL_REAL_DATA names them, else made-up ones. Out: tables, or one JSON document.
Guaranteed: every run works in a folder of its own, and what is compared was checked to be equal.
"""
