"""What the real files come to: the digests of silver and gold that both the plain-Python oracle and the product find.

The oracle needs more than a minute for them; so each side is held against the figures here, not against the other.
"""

from datetime import UTC, datetime

EARLIER, LATER = datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 2, tzinfo=UTC)
"""Two as-ofs, after all sales."""

CP1252, UTF_8, ONLINE_RETAIL = (
    "superstore/global_superstore_cp1252.csv",
    "superstore/global_superstore_utf8.csv",
    "online_retail/online_retail.csv",
)

SILVER_DIGESTS = {
    CP1252: (51_290, 29648325084528769557274),
    UTF_8: (51_290, 29621774231162095206876),
    ONLINE_RETAIL: (536_639, 309670591542766835275507),
}
"""File → rows of silver made of it alone, and the sum of their row digests."""

CALENDAR_DIGEST = "21917-2ac6e841347daccb30a"

GOLD_DIGESTS = {
    CP1252: {
        "gold.dim_customer": "1592-31e51fde88b1fd8bc1",
        "gold.dim_product": "12242-17ce0c01fad6ee089b7",
        "gold.dim_store": "3861-791b03f489136def8b",
        "gold.dim_date": CALENDAR_DIGEST,
        "gold.fact_sales": "51290-647e444cd38fc187d27",
    },
    UTF_8: {
        "gold.dim_customer": "1592-31e51fde88b1fd8bc1",
        "gold.dim_product": "12242-17ce0c01fad6ee089b7",
        "gold.dim_store": "3861-790c0186397f3a7388",
        "gold.dim_date": CALENDAR_DIGEST,
        "gold.fact_sales": "51290-648b3fe8d9f2944f97f",
    },
    ONLINE_RETAIL: {
        "gold.dim_customer": "4390-89581b1bf73134819c",
        "gold.dim_product": "6607-cd94edb6adeb588993",
        "gold.dim_store": "40-1493da7210ce2ec50",
        "gold.dim_date": CALENDAR_DIGEST,
        "gold.fact_sales": "536639-4189cb879adfeac43071",
    },
}
"""File → digest of each table of gold made of it alone, as a release tells it."""
