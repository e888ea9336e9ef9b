"""`bronze.sales_events` to `silver.sales`: each message in one class of the accounting, once."""
