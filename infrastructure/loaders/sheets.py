"""Spreadsheets (XLSX, XLSM, XLSB, XLS, ODS): a heading for each sheet, a line for each row."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError

from infrastructure.loaders.base import Draft, Source, Unreadable, encrypted
from infrastructure.loaders.opendocument import manifest
from infrastructure.loaders.packages import opened
from infrastructure.loaders.writer import row

ZIP = b"PK"

Value = int | float | str | bool | time | date | datetime | timedelta


def read(source: Source) -> Draft:
    """All sheets in their order; formulas are read as what they came to."""
    if source.head(2) == ZIP:
        with opened(source) as package:
            if b"encryption-data" in manifest(package):
                raise encrypted()
            for member in package.members:
                package.check(member)
    return Draft(_sheets(source))


def _sheets(source: Source) -> Iterator[str]:
    with source.open() as file:
        try:
            workbook = CalamineWorkbook.from_filelike(file)
            for name in workbook.sheet_names:
                yield _sheet(name, workbook.get_sheet_by_name(name))
        except PasswordError:
            raise encrypted() from None
        except CalamineError:
            raise Unreadable("damaged", "The spreadsheet is damaged.") from None


def _sheet(name: str, sheet: CalamineSheet) -> str:
    rows = [row([told(value) for value in values]) for values in sheet.iter_rows()]
    lines = [line for line in rows if line.strip("| ")]
    return "\n".join((f"# {' '.join(name.split())}", "", *lines)) if lines else ""


def told(value: Value) -> str:
    """A value as a person would write it."""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)  # noqa: PLR2004
    if isinstance(value, datetime):
        return value.isoformat(" ").removesuffix(" 00:00:00")
    return str(value)
