"""Tables for a spreadsheet program, which must not take anybody's words for a formula."""

import csv
import io
from collections.abc import Iterable, Sequence

# What makes a program calculate or start something, also written in the wide letters of East Asian keyboards.
BEGINS_A_FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def as_csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    return out.getvalue()


def harmless(cell: str) -> str:
    """An apostrophe before it makes it text; what reads the file otherwise takes it off again."""
    return f"'{cell}" if cell.lstrip(" ").startswith(BEGINS_A_FORMULA) else cell
