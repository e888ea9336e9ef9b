"""Kafka to `bronze.sales_events`: each committed event once, at its topic, partition and offset."""

from lakehouse.bronze import EVENTS as EVENTS
