"""The schema of the product's own events, and one event."""

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache

from lakehouse.conf import conf_folder
from lakehouse.contract.derive.event_schema import EventSchema, event_schema
from lakehouse.contract.loader import load_catalog
from lakehouse.streams.event import Event, Value

AT = datetime(2024, 6, 3, 6, tzinfo=UTC)

ROW: dict[str, Value] = {
    "row_id": "0012",
    "order_id": "SE-2024-100012",
    "order_date": date(2024, 2, 29),
    "customer_id": "RZ-13402",
    "customer_name": 'Renée "Zed" Zanetti',
    "city": "Malmö",
    "state": "Skåne",
    "country": "Sweden",
    "product_id": "TEC-PH-10000001",
    "sales": Decimal("1204.50000"),
    "quantity": -3,
    "discount": Decimal("0E-7"),
}

EVENT = Event(event_id="7-1", event_time=AT, op="upsert", row=ROW)


@cache
def product_schema() -> EventSchema:
    catalog = load_catalog(conf_folder())
    return event_schema(catalog, catalog.tables["bronze.sales_events"])
