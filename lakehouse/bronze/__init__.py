"""Bronze: what came, byte for byte; files and the ledger of them, and Kafka's messages."""

EVENTS = "bronze.sales_events"
"""The table of messages, and the lease of whoever writes it."""
