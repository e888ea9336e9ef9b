"""The documentation holds together: links resolve, commands parse, targets exist, examples are what comes out."""

import hashlib
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from lakehouse.cli.main import COMMANDS, cli
from lakehouse.contract.loader import load_catalog
from lakehouse.contract.model import Source, Table
from lakehouse.contract.rules import CHECKS
from lakehouse.ops.accounting import CLASSES
from lakehouse.sample import write_sample

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [*sorted(DOCS.rglob("*.md")), *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"))]

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def prose(page: Path) -> str:
    """A page without its code blocks."""
    return BLOCK.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def shown_commands(page: Path) -> Iterator[str]:
    """The commands of a page's console and sh blocks."""
    for language, block in BLOCK.findall(page.read_text(encoding="utf-8")):
        if language == "console":
            yield from (line.removeprefix("$ ") for line in block.splitlines() if line.startswith("$ "))
        elif language == "sh":
            yield from (re.sub(r"[\[\]…]", "", line) for line in block.splitlines())


def parse(words: list[str]) -> click.Command:
    """The command these words call; UsageError where an option or argument is wrong or missing."""
    context = click.Context(cli)
    _, rest, _ = cli.make_parser(context).parse_args(list(words))
    if not rest:
        return cli
    command = cli.get_command(context, rest[0])
    if command is None:
        raise click.UsageError(f"there is no command {rest[0]}")
    inner = click.Context(command, parent=context)
    subcommand = command.get_command(inner, rest[1]) if isinstance(command, click.Group) and rest[1:] else None
    if subcommand is not None:
        command, rest, inner = subcommand, rest[1:], click.Context(subcommand, parent=inner)
    given, surplus, _ = command.make_parser(inner).parse_args(rest[1:])
    if surplus:
        raise click.UsageError(f"too many arguments: {surplus}")
    for parameter in command.get_params(inner):
        if parameter.required and not given.get(str(parameter.name)):
            raise click.UsageError(f"{parameter.name} is missing")
    return command


def targets() -> set[str]:
    return set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_of_a_page_resolves(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{named(page)} links to {link}, which is not there"
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), f"{named(page)} links to {link}, but there is no such heading"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_command_shown_parses(page: Path) -> None:
    for line in shown_commands(page):
        words = shlex.split(line)
        if words[:1] == ["lakehouse"] and "COMMAND" not in words:
            try:
                parse(words[1:])
            except click.UsageError as error:
                pytest.fail(f"{named(page)} shows `{line}`: {error.format_message()}")


@pytest.mark.parametrize(
    "words", [["run"], ["run", "--sources", "x"], ["runs"], ["status", "x"], ["--environment", "x"]]
)
def test_a_wrong_command_would_be_found(words: list[str]) -> None:
    with pytest.raises(click.UsageError):
        parse(words)


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_make_target_named_exists(page: Path) -> None:
    shown = [line.split()[1] for line in shown_commands(page) if re.match(r"make [a-z]", line)]
    inline = re.findall(r"`make ([a-z0-9-]+)", prose(page))
    wrong = {*shown, *inline} - targets()
    assert not wrong, f"{named(page)} names targets that the Makefile has not: {wrong}"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_file_of_the_repository_that_a_page_names_is_there(page: Path) -> None:
    for path in re.findall(r"`((?:tests|lakehouse|conf|jobs|docs|scripts)/[\w./-]+)`", prose(page)):
        if "hofladen" not in path:  # the source that a reader adds
            assert (ROOT / path).exists(), f"{named(page)} names {path}, which is not there"


def test_the_index_of_docs_lists_every_page() -> None:
    linked = {(DOCS / link).resolve() for link in re.findall(r"\]\(([^)#]+)", (DOCS / "README.md").read_text("utf-8"))}
    assert set(DOCS.rglob("*.md")) - linked == {DOCS / "README.md"}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_reference_has_every_command_with_every_option(name: str) -> None:
    text = (DOCS / "reference" / "cli.md").read_text(encoding="utf-8")
    section = text.partition(f"\n## lakehouse {name}\n")[2].partition("\n## ")[0]
    assert section, f"docs/reference/cli.md has no section `lakehouse {name}`"
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert f"`{parameter.opts[0]}`" in section or f"[{parameter.opts[0]}" in section, parameter.opts[0]


def test_the_reference_has_every_check_and_every_key_of_contracts_and_sources() -> None:
    text = (DOCS / "reference" / "configuration.md").read_text(encoding="utf-8")
    grouped = {"name": "table", "scd": "scd: 1", "as_of_pattern": "pattern", "as_of_format": "format"}
    keys = {*Table.__dataclass_fields__, *Source.__dataclass_fields__}
    missing = [name for name in {*keys, *CHECKS} if f"`{grouped.get(name, name)}`" not in text]
    assert not missing


def test_the_reference_has_every_class_of_rows() -> None:
    text = (DOCS / "reference" / "accounting.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \| (?!what)", text.partition("## ")[0], re.MULTILINE) == list(CLASSES)


def test_the_example_of_a_hash_is_right() -> None:
    text = (DOCS / "reference" / "hashes.md").read_text(encoding="utf-8")
    assert hashlib.sha256("1:A;N;2:ö;".encode()).hexdigest() in text


def test_the_tutorial_shows_the_sample_that_its_command_writes(tmp_path: Path) -> None:
    text = (DOCS / "tutorial" / "first-batch.md").read_text(encoding="utf-8")
    for file in write_sample(tmp_path, rows=2000, days=3, seed=7):
        counts = (file.new, file.corrections, file.redelivered, file.duplicates, file.stale, sum(file.bad.values()))
        cells = "│".join(f"{count:,}".replace(",", " ") for count in (file.records, *counts, file.blank))
        assert f"│{file.path.name}│{cells}│".replace(" ", "") in text.replace(" ", "")


def test_the_how_to_has_every_column_of_superstore_and_whether_a_row_needs_it() -> None:
    text = (DOCS / "how-to" / "load-your-csv.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.+`) \| .+ \| (.+) \|$", text.partition("## Load it")[0], re.MULTILINE)
    told = {name: needed == "in every row" for names, needed in rows for name in names.strip("`").split("`, `")}
    assert told == {c.header: c.required for c in load_catalog(ROOT / "conf").sources["superstore"].columns}


def test_the_policy_for_s3_allows_what_the_table_tells_and_no_more() -> None:
    text = (DOCS / "how-to" / "run-on-s3.md").read_text(encoding="utf-8")
    (policy,) = [json.loads(block) for language, block in BLOCK.findall(text) if language == "json"]
    allowed = [action for statement in policy["Statement"] for action in statement["Action"]]
    section = text.partition("## Rights")[2].partition("As a policy")[0]
    assert sorted(allowed) == sorted(re.findall(r"`((?:s3|kms):\w+)`", section))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_variable_of_a_group_that_a_page_names_is_a_setting(page: Path) -> None:
    reference = (DOCS / "reference" / "settings.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"\bLAKEHOUSE_[A-Z0-9]+__[A-Z0-9_]*[A-Z0-9]", page.read_text(encoding="utf-8")))
    assert {name for name in shown if f"`{name}`" not in reference} <= {"LAKEHOUSE_STORAGE__SECRET_KEY"}  # refused


def test_every_page_that_the_code_names_is_there() -> None:
    named_pages = set(re.findall(r"docs/[\w/-]+\.md", said_by_the_code()))
    assert {page for page in named_pages if not (ROOT / page).exists()} == set()
    assert "docs/how-to/load-your-csv.md" in named_pages


def said_by_the_code() -> str:
    """All source text, with texts that run over several lines joined."""
    source = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "lakehouse").rglob("*.py")))
    return re.sub(r'"\s*\n\s*f?"', "", source)


def test_every_error_that_the_troubleshooter_quotes_is_one_of_the_code() -> None:
    text, source = (DOCS / "how-to" / "troubleshoot.md").read_text(encoding="utf-8"), said_by_the_code()
    quoted = [quote for cell in re.findall(r"^\| (`.+?`) \|", text, re.MULTILINE) for quote in cell.split(" … ")]
    missing = [quote for quote in quoted if quote.strip("`") not in source]
    assert missing == []
    assert len(quoted) > 20
