"""Files that are none of the source, or have landed before: one clear sentence, the right exit code, nothing lost."""

from pathlib import Path

from lakehouse.bronze import ledger
from lakehouse.runtime.lake import open_lake
from tests.unit.calls import Command

ROW = (
    "1,CA-2011-1,2011-03-01,2011-03-04,First Class,AB-1,Ann Bell,Consumer,Graz,Styria,Austria,,EU,Central,"
    "TEC-1,Technology,Phones,Phone,12.5,2,0.1,3.25,1.5,High\n"
)
REJECTED = {
    "empty.csv": (b"", "The file is empty"),
    "blanks.csv": (b"\n \n\n", "The file is empty"),
    "other_header.csv": (b"a,b,c\n1,2,3\n", "is not that of the source"),
    "broken.csv.gz": (b"\x1f\x8b\x08\x00half", "gzip data are"),
    "picture.csv": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "a PNG image"),
    "workbook.csv": (b"PK\x03\x04" + b"\0" * 99, "a ZIP archive"),
    "noise.csv": (b"\0\1\2\3" * 99, "binary"),
}


def test_files_that_are_none_of_the_source_are_kept_and_told_and_the_others_land(
    lakehouse: Command, home: Path, tmp_path: Path, file: Path
) -> None:
    header = file.read_bytes().partition(b"\n")[0] + b"\n"
    good = {"header_only.csv": header, "good.csv": header + ROW.encode()}
    for name, data in {**good, **{name: data for name, (data, _) in REJECTED.items()}}.items():
        (file.parent / name).write_bytes(data)
    ended = lakehouse("land", "--source", "superstore", "--as-of", "2024-04-01T06:00:00Z", file.parent)
    assert ended.code == 1
    assert f"3 file(s) landed, 0 batch(es) into silver, {len(REJECTED)} file(s) rejected" in ended.out
    lake = open_lake("local")
    known = {one.file_name: one for one in ledger.read(lake)}
    assert set(known) == {*REJECTED, *good, file.name}
    for name, one in known.items():
        assert one.status == ("rejected" if name in REJECTED else "landed")
        assert Path(lake.object(one.path)).read_bytes() == (file.parent / name).read_bytes()
        if name in REJECTED:
            assert REJECTED[name][1] in (one.reason or "")
            assert name in ended.out
    assert known["header_only.csv"].records == 0

    again = lakehouse("land", "--source", "superstore", "--as-of", "2024-04-01T06:00:00Z", file.parent)
    assert again.code == 1  # still rejected; what landed is a no-op that says so
    assert again.out.count("landed before, on") == 3
    assert lakehouse("status").out.count(f"{len(REJECTED)} file(s) rejected") == 2
    assert len(ledger.read(lake)) == len(known)


def test_a_file_twice_is_a_no_op_that_says_so(lakehouse: Command, home: Path, file: Path) -> None:
    assert lakehouse("land", "--source", "superstore", file).code == 0
    again = lakehouse("land", "--source", "superstore", file)
    assert again.code == 0
    assert "landed before, on" in again.out
    assert "0 file(s) landed" in again.out


def test_the_same_name_with_other_bytes_is_a_new_file_and_said(lakehouse: Command, home: Path, file: Path) -> None:
    assert lakehouse("land", "--source", "superstore", file).code == 0
    file.write_bytes(file.read_bytes() + ROW.encode().replace(b"1,CA", b"999999,CA"))
    again = lakehouse("land", "--source", "superstore", file)
    assert again.code == 0
    assert "a file of this name with other content has landed before" in again.out
    assert len(ledger.read(open_lake("local"))) == 2
