"""Silver: what the sources say of their sale lines, the newest statement each."""

SALES = "silver.sales"
"""The one table of the layer; see its contract."""

INSERTS = ("inserted", "tombstoned")
UPDATES = ("deleted", "revived", "refreshed", "updated")
CHANGES = (*INSERTS, *UPDATES)
"""Classes of rows that change silver, and how."""
