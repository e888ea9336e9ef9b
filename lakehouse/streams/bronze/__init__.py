"""Kafka to `bronze.sales_events`: each committed event once, at its topic, partition and offset."""

EVENTS = "bronze.sales_events"
"""The table, and the lease of whoever writes it."""
