"""The data dictionary says what the contracts and sources say, and the page in docs is up to date."""

from pathlib import Path

from lakehouse.conf import conf_folder
from lakehouse.contract.derive.data_dictionary import data_dictionary
from lakehouse.contract.loader import load_catalog
from lakehouse.contract.model import Catalog, Column, Expectation, Source, SourceColumn, Table

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "data-dictionary.md"

LINES = Table(
    name="silver.lines",
    description="One row per line.",
    owner="sales",
    keys=("line_id",),
    columns=(
        Column(name="line_id", type="text", description="The key.", required=True),
        Column(name="name", type="text", description="Who | what.", tags=("pii",)),
    ),
    expectations=(
        Expectation(
            name="named",
            check="one_of",
            arguments={"column": "name", "values": ["a|b"]},
            on_fail="warn",
            description="So.",
        ),
    ),
)
SHOP = Source(
    name="shop",
    description="A shop.",
    table="silver.lines",
    keys=("line", "name"),
    columns=(SourceColumn(name="line", header="Line No", type="text", required=True),),
    decimal=",",
    thousands=".",
    delimiter=";",
    date_formats=("dd.MM.yyyy",),
)


def test_the_page_in_docs_is_up_to_date() -> None:
    stale = "docs/reference/data-dictionary.md is stale: run `make docs`"
    assert PAGE.read_text(encoding="utf-8") == data_dictionary(load_catalog(conf_folder())), stale


def test_every_table_column_and_source_of_the_product_stands_in_it() -> None:
    catalog = load_catalog(conf_folder())
    text = data_dictionary(catalog)
    for table in catalog.tables.values():
        section = text.partition(f"\n## {table.name}\n")[2].partition("\n## ")[0]
        assert all(f"| `{c.name}` | {c.type} |" in section for c in table.columns)
        assert all(f"| `{e.name}` |" in section for e in table.expectations)
    for source in catalog.sources.values():
        section = text.partition(f"\n## Source {source.name}\n")[2].partition("\n## ")[0]
        assert all(f"| `{c.name}` | {c.header} |" in section for c in source.columns)


def test_a_table_is_told_with_its_columns_tags_and_rules() -> None:
    text = data_dictionary(Catalog(tables={"silver.lines": LINES}, sources={"shop": SHOP}))
    assert "| [silver.lines](#silverlines) | One row per line. |" in text
    assert "| `line_id` | text | never NULL | The key. |" in text
    assert "| `name` | text |  | Who \\| what. *pii* |" in text
    assert "| `named` | `name IN ('a\\|b')` | warn | So. |" in text


def test_a_source_is_told_with_how_its_files_are_read() -> None:
    text = data_dictionary(Catalog(tables={"silver.lines": LINES}, sources={"shop": SHOP}))
    assert "- Key of a line: `line`, `name` (their hash)" in text
    assert "- Encoding: detected" in text
    assert "- Delimiter: semicolon, where several fit" in text
    assert "- Numbers: decimal comma, point between thousands" in text
    assert "| `line` | Line No | text | in every row |" in text


def test_the_same_catalog_gives_the_same_text_in_whatever_order_it_is_read() -> None:
    other = LINES.__class__(name="bronze.first", description="Z.", owner="x", keys=("a",), columns=())
    one = Catalog(tables={"silver.lines": LINES, "bronze.first": other}, sources={})
    turned = Catalog(tables={"bronze.first": other, "silver.lines": LINES}, sources={})
    assert data_dictionary(one) == data_dictionary(turned)
    assert data_dictionary(one).index("## bronze.first") < data_dictionary(one).index("## silver.lines")
