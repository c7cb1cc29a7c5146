"""Reading a list of retractions: its layout, what no row may do to the next one, and files that were made to hurt."""

import io
import time
import tracemalloc
from datetime import date

import pytest

from articles import retractions
from articles.retractions import NotReadable, Row, Unreadable
from tests.articles.retraction_list import COLUMNS, entry, listed


def read(data: bytes) -> list[Row | Unreadable]:
    return list(retractions.read(io.BytesIO(data)))


def only(**cells: str) -> Row | Unreadable:
    (row,) = read(listed(entry(**cells)))
    return row


class TestLayout:
    def test_a_row_as_it_is_published(self):
        row = only(
            Record_ID="52001",
            OriginalPaperDOI="10.5555/Trial.7",
            OriginalPaperPubMedID="31337",
            RetractionDOI="10.5555/NOTICE.7",
            RetractionPubMedID="41337",
        )
        assert row == Row(
            line=2,
            record="52001",
            status="retracted",
            on=date(2024, 1, 31),
            doi="10.5555/trial.7",
            pmid="31337",
            notice="10.5555/notice.7",
            notice_pmid="41337",
            reason="Concerns/Issues About Data",
        )
        assert row.source == "Retraction Watch 52001"

    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    @pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
    def test_line_ends_and_a_byte_order_mark_do_not_matter(self, end, mark):
        (row,) = read(mark + listed(entry(OriginalPaperDOI="10.5555/a"), end=end))
        assert row.doi == "10.5555/a"

    def test_columns_may_stand_in_any_order_and_case(self):
        shuffled = [name.upper() if place % 2 else f" {name} " for place, name in enumerate(reversed(COLUMNS))]
        cells = dict(zip(shuffled, [entry(OriginalPaperDOI="10.5555/a")[name] if name in entry() else "" for name in reversed(COLUMNS)], strict=True))  # fmt: skip
        (row,) = read(listed(cells, columns=shuffled))
        assert (row.doi, row.status) == ("10.5555/a", "retracted")

    def test_a_note_over_several_lines_does_not_upset_the_count(self):
        first, second = read(
            listed(entry(Notes="one\ntwo, “three”\n\nfour", OriginalPaperDOI="10.5555/a"), entry(), end="\n")
        )
        assert (first.line, first.doi, second.line) == (2, "10.5555/a", 6)

    def test_latin_letters_of_an_old_encoding_are_read(self):
        data = listed(entry(Reason="+Caf\u00e9 data;", OriginalPaperDOI="10.5555/a")).decode().encode("latin-1")
        (row,) = read(data)
        assert (row.reason, row.doi) == ("Café data", "10.5555/a")

    def test_empty_lines_and_empty_cells_at_the_end_are_nothing(self):
        data = listed(entry()).replace(b"\r\n", b",,\r\n") + b"\r\n,,,,\r\n\r\n"
        assert len(read(data)) == 1

    @pytest.mark.parametrize(
        ("nature", "status"),
        [
            ("Retraction", "retracted"),
            ("Correction", "corrected"),
            ("Expression of concern", "concern"),
            ("EXPRESSION OF  CONCERN ", "concern"),
            ("Reinstatement", "reinstated"),
        ],
    )
    def test_kinds_of_notices(self, nature, status):
        assert only(RetractionNature=nature).status == status

    @pytest.mark.parametrize("nature", ["", "Retracted", "Removal", "Retraction; Correction", "=1+1"])
    def test_a_kind_that_is_not_known_is_reported_and_not_guessed(self, nature):
        row = only(RetractionNature=nature)
        assert isinstance(row, Unreadable)
        assert row.line == 2
        assert nature in row.why

    @pytest.mark.parametrize(
        ("text", "day"),
        [
            ("1/31/2024 0:00", date(2024, 1, 31)),
            ("12/1/2023", date(2023, 12, 1)),
            ("2024-02-29", date(2024, 2, 29)),
            ("2024-02-29T00:00:00", date(2024, 2, 29)),
            ("5/6/2020 12:00:00 AM", date(2020, 5, 6)),
        ],
    )
    def test_dates(self, text, day):
        assert only(RetractionDate=text).on == day

    @pytest.mark.parametrize(
        "text", ["", "31/1/2024", "2/30/2024", "1/2/24", "0/0/0000", "20240131", "١/٣١/٢٠٢٤", "soon"]
    )
    def test_a_date_that_is_none_is_reported_and_not_guessed(self, text):
        assert isinstance(only(RetractionDate=text), Unreadable)

    @pytest.mark.parametrize("text", ["unavailable", "Unavailable", "0", "", "N/A"])
    def test_words_for_nothing(self, text):
        row = only(OriginalPaperDOI=text, OriginalPaperPubMedID=text, RetractionDOI=text, RetractionPubMedID=text)
        assert (row.doi, row.pmid, row.notice, row.notice_pmid) == ("", "", "", "")

    @pytest.mark.parametrize(
        "text",
        ["10.5555/AbC.1", "https://doi.org/10.5555/abc.1", "doi: 10.5555/abc.1.", "http://dx.doi.org/10.5555/ABC.1"],
    )
    def test_every_spelling_of_a_doi_is_one(self, text):
        assert only(OriginalPaperDOI=text).doi == "10.5555/abc.1"

    def test_a_pubmed_number_with_a_decimal_point_is_one(self):
        assert only(OriginalPaperPubMedID="31337.0").pmid == "31337"

    def test_neither_a_doi_nor_a_number_although_something_stands_there(self):
        assert isinstance(only(OriginalPaperDOI="see notes"), Unreadable)

    def test_retract_and_replace_is_told_apart(self):
        assert only(Reason="+Error in Data;+Retract and Replace;").replaced
        assert not only().replaced


class TestNoRowHurtsTheNext:
    def after(self, broken: bytes) -> list[Row | Unreadable]:
        head, good, better, _end = listed(
            entry(OriginalPaperDOI="10.5555/a"), entry(OriginalPaperDOI="10.5555/b"), end="\n"
        ).split(b"\n")
        return read(b"\n".join([head, good, broken, better]))

    @pytest.mark.parametrize(
        "broken",
        [
            b'1,"a title that never ends,b,c',
            b'1,"a title" that goes on,b',
            b"1,2,3",
            b",".join([b"x"] * 30),
            b",".join([b"x"] * 19 + [b'"note']),
            b'"' + b"x" * 10_000_000 + b'"',
            b"x" * 10_000_000,
            b",".join([b"x"] * 500_000),
            b"\x00\x00\x00",
            b"\xff\xfe\x00,",
            b"a\rb,c",
        ],
        ids=[
            "open",
            "goes on",
            "short",
            "long",
            "open at the end",
            "10 MB",
            "10 MB bare",
            "cells",
            "nul",
            "bytes",
            "cr",
        ],
    )
    def test_it_is_reported_with_its_line(self, broken):
        first, problem, last = self.after(broken)
        assert (first.doi, last.doi) == ("10.5555/a", "10.5555/b")
        assert isinstance(problem, Unreadable)
        assert problem.line == 3
        assert last.line == 4

    def test_an_open_quotation_mark_does_not_swallow_the_rows_after_it(self):
        rows = [entry(OriginalPaperDOI=f"10.5555/{n}") for n in range(50)]
        lines = listed(*rows, end="\n").split(b"\n")
        lines[10] = lines[10].rstrip(b",") + b',"an open note'
        found = read(b"\n".join(lines))
        assert [row.line for row in found if isinstance(row, Unreadable)] == [11]
        assert [row.doi for row in found if isinstance(row, Row)] == [f"10.5555/{n}" for n in range(50) if n != 9]

    def test_words_with_control_characters_come_without_them(self):
        row = only(Reason="+a\x1b[31mb\x00c\u202ed", OriginalPaperDOI="10.5555/a\x00b", OriginalPaperPubMedID="7")
        assert row.reason == "a [31mb c d"
        assert (row.doi, row.pmid) == ("", "7")

    def test_a_formula_or_markup_is_nothing_but_words(self):
        row = only(Record_ID="=cmd|' /C calc'!A0", Reason='<script>alert("1")</script>', RetractionDOI="=1+1")
        assert (row.record, row.notice) == ("", "")
        assert row.reason == '<script>alert("1")</script>'


class TestFilesThatAreNoList:
    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"\n",
            b"\xef\xbb\xbf",
            b"a,b,c\n1,2,3\n",
            b"\x89PNG\r\n\x1a\n" + b"\x00" * 100,
            b'"' * 1001,
            b"x" * 1_000_000,
            listed(entry()).decode().encode("utf-16"),
            listed(columns=[name for name in COLUMNS if name != "RetractionDate"]),
            b"RetractionNature,RetractionNature,RetractionDate,OriginalPaperDOI,OriginalPaperPubMedID\n",
        ],
        ids=["empty", "line", "mark", "other", "picture", "quotes", "no lines", "utf-16", "no date", "twice"],
    )
    def test_they_are_refused_at_once_with_a_reason(self, data):
        with pytest.raises(NotReadable, match=r"\w+ \w+"):
            retractions.read(io.BytesIO(data))

    def test_a_header_alone_is_an_empty_list(self):
        assert read(listed()) == []


class TestSize:
    def test_memory_does_not_grow_with_the_file(self):
        data = listed(*[entry(Notes="x" * 2000, OriginalPaperDOI="10.5555/a") for _n in range(2000)])
        file = io.BytesIO(data)
        tracemalloc.start()
        before, _peak = tracemalloc.get_traced_memory()
        assert sum(1 for _row in retractions.read(file)) == 2000
        _now, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak - before < 1_500_000 < len(data)

    @pytest.mark.parametrize("line", [b'a","b\n', b'"\n', b'x,"\n', b'"""\n'])
    def test_a_file_of_quotation_marks_ends_soon(self, line):
        start = time.process_time()
        found = read(listed() + line * 100_000)
        assert time.process_time() - start < 10
        assert not any(isinstance(row, Row) for row in found)
