"""What is typed is shown as typed, and nothing typed becomes markup."""

import html
import re
import unicodedata

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from comments import text

PLAIN = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=300)


def shown(markup: str) -> str:
    """What a reader's browser shows of it."""
    lines = markup.replace("</p><p>", "\n\n").replace("<br>", "\n")
    return html.unescape(re.sub(r"</?(?:p|a)(?: [^>]*)?>", "", lines))


class TestToHtml:
    @pytest.mark.parametrize(
        "typed",
        [
            "x<y and y>z",
            "T-DM1 <see below>",
            "<3",
            "a &amp; b &lt; c",
            "<b>bold</b>",
            "1 < 2 > 0",
            "'quoted' \"twice\"",
        ],
    )
    def test_everything_typed_is_shown_as_typed(self, typed):
        assert shown(text.to_html(typed)) == typed

    def test_paragraphs_and_lines(self):
        assert text.to_html("one\ntwo\n\n\nthree") == "<p>one<br>two</p><p>three</p>"

    def test_a_link_is_clickable_and_carries_no_trust(self):
        assert text.to_html("See https://example.org/a?b=1&c=2.") == (
            '<p>See <a href="https://example.org/a?b=1&amp;c=2" rel="nofollow ugc noopener">'
            "https://example.org/a?b=1&amp;c=2</a>.</p>"
        )

    @pytest.mark.parametrize(
        ("typed", "address"),
        [
            ("(https://example.org/x)", "https://example.org/x"),
            ("https://example.org/a_(b)", "https://example.org/a_(b)"),
            ("https://example.org, and more", "https://example.org"),
            ("HTTPS://EXAMPLE.ORG!", "HTTPS://EXAMPLE.ORG"),
            ("https://example.org:8443/x", "https://example.org:8443/x"),
        ],
    )
    def test_a_link_ends_where_the_address_ends(self, typed, address):
        assert re.findall(r'href="([^"]*)"', text.to_html(typed)) == [address]

    @pytest.mark.parametrize(
        "typed",
        [
            "http://example.org", "www.example.org", "javascript:alert(1)", "https://bank.example@evil.example/",
            "https://еxample.org/", "https://localhost/", "https://", "data:text/html,x", "https://.example",
        ],
    )  # fmt: skip
    def test_other_addresses_stay_text(self, typed):
        assert "<a" not in text.to_html(typed)

    @pytest.mark.parametrize(
        "attack",
        [
            "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '"><svg onload=alert(1)>', "&#60;script&#62;",
            'https://example.org/"onmouseover="alert(1)', "https://example.org/<script>", "<a href='javascript:1'>x</a>",
        ],
    )  # fmt: skip
    def test_no_markup_comes_through(self, attack):
        markup = text.to_html(attack)
        assert set(re.findall(r"<(\w+)", markup)) <= {"p", "br", "a"}
        assert set(re.findall(r"<a ([^>]*)>", markup)) <= set(
            re.findall(r'<a (href="https://[^"]*" rel="[a-z ]*")>', markup)
        )

    def test_the_second_wall_stands_alone(self):
        planted = '<p>a<script>alert(1)</script><a href="javascript:alert(1)" onclick="x">b</a></p>'
        assert text.second_wall(planted) == "<p>aalert(1)<a>b</a></p>"

    @given(PLAIN)
    def test_any_words_survive(self, typed):
        # Blank lines of any number show as one, and each paragraph begins at its first letter.
        typed = re.sub(r"\s+", " ", typed).strip()
        assert shown(text.to_html(typed)) == typed

    @given(PLAIN)
    def test_any_words_make_only_our_tags(self, typed):
        assert set(re.findall(r"<([^\s>/]+)", text.to_html(typed))) <= {"p", "br", "a"}


class TestHostileLinks:
    # edge case 46
    @pytest.mark.parametrize(
        "typed",
        [
            "&#106;avascript:alert(1)", "&#x6A;avascript&colon;alert(1)", "java\tscript:alert(1)", "JaVaScRiPt:alert(1)",
            "javascript://example.org/%0aalert(1)", "<a href=&#106;avascript:alert(1)>x</a>", "vbscript:x", "https:javascript:alert(1)",
            "https://xn--e1awd7f.example@evil.example", "ftp://example.org", "//example.org", "https://\u0430pple.example/",
            "https://example\u3002org/", "https://exam\u200bple.org/", "https://1.2.3.4/", "https://[::1]/",
        ],
    )  # fmt: skip
    def test_none_of_these_becomes_a_link(self, typed):
        markup = text.to_html(typed)
        assert "<a" not in markup
        assert shown(markup) == typed

    # edge case 46
    @pytest.mark.parametrize(
        "typed",
        ["<a><a href=x><b><a>" * 100, "<<a>script>alert(1)<</a>/script>", "<p>" * 500, "<!--" * 400, "<![CDATA[<b>]]>", "</p></p><script>", "<br/<br>" * 200],
    )  # fmt: skip
    def test_nested_tags_are_letters(self, typed):
        markup = text.to_html(typed)
        assert shown(markup) == typed
        assert set(re.findall(r"<([^\s>/]+)", markup)) <= {"p", "br", "a"}

    # edge case 46
    def test_a_very_long_address_is_one_link(self):
        address = "https://example.org/" + "a/" * 950
        assert re.findall(r'href="([^"]*)"', text.to_html(address)) == [address]
        many = "https://a.bc " * 150
        assert len(re.findall("href", text.to_html(many))) == 150

    # edge case 46
    def test_a_host_of_other_letters_in_its_written_form_is_shown_for_what_it_is(self):
        assert ">https://xn--pple-43d.example/<" in text.to_html("https://xn--pple-43d.example/")


class TestClean:
    # edge case 45
    def test_sixty_kilobytes_of_marks_are_refused_quickly(self):
        with pytest.raises(ValidationError):
            text.clean("a" + "\u0301" * 30_000)

    # edge case 45
    def test_halves_of_letters_are_refused(self):
        for broken in (b"caf\xe9".decode("utf-8", "surrogateescape"), "a\ud83d"):
            with pytest.raises(ValidationError, match="hidden control character"):
                text.clean(broken)

    def test_one_spelling_and_one_kind_of_line(self):
        assert text.clean(" e\u0301tude\r\nzwei\r ") == "étude\nzwei"

    @pytest.mark.parametrize("typed", ["", "  \n ", "\u200b\u200d", "\u00ad", "\u3164"])
    def test_it_wants_words(self, typed):
        with pytest.raises(ValidationError, match="Write your comment before you post it"):
            text.clean(typed)

    def test_the_limit_counts_after_composing(self):
        assert len(text.clean("e\u0301" * 2000)) == 2000
        with pytest.raises(ValidationError, match="1 character too long"):
            text.clean("x" * 2001)
        with pytest.raises(ValidationError, match="14 characters too long"):
            text.clean("x" * 2014)

    @pytest.mark.parametrize("letter", ["\x00", "\x07", "\x1b", "\x7f", "\x85", "\ud800"])
    def test_it_refuses_control_characters(self, letter):
        with pytest.raises(ValidationError, match="hidden control character"):
            text.clean(f"a{letter}b")

    @pytest.mark.parametrize("letter", sorted(text.BIDI_CONTROLS))
    def test_it_refuses_letters_that_turn_the_text(self, letter):
        with pytest.raises(ValidationError, match="direction of the text"):
            text.clean(f"a{letter}b")

    def test_it_refuses_towers_of_marks_and_keeps_living_scripts(self):
        with pytest.raises(ValidationError, match="too many marks"):
            text.clean("z" + "\u0308\u0323\u0330\u0331\u0332\u0333\u0334")
        for living in ("बहुत दर्द", "שָׁלוֹם", "مرحبًا", "Tiếng Việt", "ที่นี่", "👩🏽\u200d⚕️"):
            assert text.clean(living) == unicodedata.normalize("NFC", living)


class TestMarked:
    def test_it_marks_what_was_found_across_lines(self):
        assert text.marked("ab <c\nd\n\nef", [(1, 7), (10, 11)]) == (
            "<p>a<mark>b &lt;c</mark><br><mark>d</mark></p><p>e<mark>f</mark></p>"
        )

    def test_it_makes_no_link(self):
        assert "<a" not in text.marked("https://example.org", [])

    @given(PLAIN, st.lists(st.tuples(st.integers(-5, 400), st.integers(-5, 400)), max_size=4))
    def test_any_spans_keep_the_words(self, typed, spans):
        bare = re.sub(r"</?mark>", "", text.marked(typed, spans))
        assert bare == text.marked(typed, [])
        assert set(re.findall(r"<([^\s>/]+)", bare)) <= {"p", "br"}
