"""Form responses as a sheet of Excel: times are its own, in the zone, which it cannot name.

Row by row into files in `scratch`, packed in the end; texts are texts, never formulas or links.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from xlsxwriter import Workbook
from xlsxwriter.exceptions import XlsxWriterException

from mtdata.core.disk import FolderDisk, make_folder
from mtdata.core.errors import StorageError
from mtdata.programme.export.formats import HEADER, FormFile, FormRow, Pages
from mtdata.programme.moments import local_moment

OPTIONS = {"constant_memory": True, "default_date_format": "yyyy-mm-dd hh:mm:ss.000"}
TIME_WIDTH = 24
BEFORE_EXCEL = datetime(1900, 3, 1)


def write(target: FormFile, pages: Pages) -> None:
    """Write all of them under the header, which stays in sight.  StorageError of the disk."""
    make_folder(target.scratch)
    try:
        book = Workbook(target.file, {**OPTIONS, "tmpdir": str(target.scratch)})
        book.use_zip64()  # where it has more than 4 GB, which no smaller one shows
        _fill(book, target.zone, pages)
        book.close()
    except XlsxWriterException as error:  # its words may have a row's
        raise StorageError(f"the sheet cannot be written ({type(error).__name__})") from None
    finally:
        FolderDisk(target.scratch.parent).clear(target.scratch.name)


def _fill(book: Any, zone: ZoneInfo, pages: Pages) -> None:
    sheet = book.add_worksheet("FormResponse")
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, 0, TIME_WIDTH)
    for column, name in enumerate(HEADER):
        sheet.write_string(0, column, name)
    number = 1
    for page in pages:
        for row in page:
            _put(sheet, number, row, zone)
            number += 1


def _put(sheet: Any, number: int, row: FormRow, zone: ZoneInfo) -> None:
    at, user, name, gender, books, music, mobile, latitude, longitude, _ = row
    local = local_moment(at, zone).replace(tzinfo=None)
    if local < BEFORE_EXCEL:
        sheet.write_string(number, 0, local.isoformat(" "))
    else:
        sheet.write_datetime(number, 0, local)
    for column, text in ((1, user), (2, name), (3, gender), (6, mobile)):
        sheet.write_string(number, column, text)
    sheet.write_boolean(number, 4, books)
    sheet.write_boolean(number, 5, music)
    sheet.write_number(number, 7, latitude)
    sheet.write_number(number, 8, longitude)
