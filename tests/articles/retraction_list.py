"""Made-up lists in the Retraction Watch layout."""

import csv
import io
from itertools import count

COLUMNS = [
    "Record ID",
    "Title",
    "Subject",
    "Institution",
    "Journal",
    "Publisher",
    "Country",
    "Author",
    "URLS",
    "ArticleType",
    "RetractionDate",
    "RetractionDOI",
    "RetractionPubMedID",
    "OriginalPaperDate",
    "OriginalPaperDOI",
    "OriginalPaperPubMedID",
    "RetractionNature",
    "Reason",
    "Paywalled",
    "Notes",
]
_records = count(50_000)


def entry(**cells: str) -> dict[str, str]:
    """A row that is in order: a retraction of 31 January 2024."""
    number = next(_records)
    return {
        "Record ID": str(number),
        "Title": "A made-up trial",
        "Author": "A Okoro;B C Lind",
        "RetractionDate": "1/31/2024 0:00",
        "RetractionDOI": f"10.5555/notice.{number}",
        "RetractionPubMedID": "0",
        "OriginalPaperDate": "3/1/2021 0:00",
        "OriginalPaperDOI": "unavailable",
        "OriginalPaperPubMedID": "0",
        "RetractionNature": "Retraction",
        "Reason": "+Concerns/Issues About Data;",
        "Paywalled": "No",
    } | {name.replace("_", " "): text for name, text in cells.items()}


def listed(*rows: dict[str, str], columns: list[str] = COLUMNS, end: str = "\r\n") -> bytes:
    """The file."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns, restval="", lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()
