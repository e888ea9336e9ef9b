"""What the real files come to: the digests of silver that both the plain-Python oracle and the product must find.

The oracle needs most of a minute for them; so each side is held against the figures here, not against the other.
"""

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
