"""The shared parts say what they should to eyes and screen readers; strangers all get the same bytes."""

import datetime as dt
import re
from types import SimpleNamespace

import pytest
from django import forms
from django.template import Context, Template
from django.template.loader import render_to_string

from accounts import newsletter
from articles.models.reference import Reference
from articles.models.review import Review
from comments import news
from comments.models.conversation import Comment
from comments.models.moderation import QueueItem


class Everything(forms.Form):
    body = forms.CharField(label="Your comment", help_text="Not for urgent help.", widget=forms.Textarea)
    note = forms.CharField(required=False)
    why = forms.ChoiceField(label="What is wrong?", choices=[("a", "One"), ("b", "Two")], widget=forms.RadioSelect)
    agree = forms.BooleanField(label="I agree")
    token = forms.CharField(widget=forms.HiddenInput, required=False)


def part(name: str, **context) -> str:
    return re.sub(r"\s+", " ", render_to_string(f"parts/{name}.html", context)).strip()


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html)).strip()


# Fields


def test_field_ties_hint_and_error_to_the_control():
    form = Everything({"body": ""})
    html = part("field", field=form["body"])
    assert '<label for="id_body">Your comment</label>' in html
    assert 'aria-describedby="id_body_helptext id_body_error"' in html
    assert 'aria-invalid="true"' in html
    assert html.index('id="id_body_helptext"') < html.index('id="id_body_error"') < html.index("<textarea")
    assert 'class="errorlist"' in html


def test_field_marks_what_may_stay_empty():
    assert "leave this empty" in part("field", field=Everything()["note"])
    assert "leave this empty" not in part("field", field=Everything()["body"])


def test_radio_buttons_stand_in_a_named_group_that_errors_can_point_at():
    html = part("field", field=Everything({})["why"])
    assert html.startswith('<fieldset class="form-row has-error" id="id_why" tabindex="-1"')
    assert "<legend>What is wrong?" in html
    assert html.count('type="radio"') == 2
    assert html.count('class="choice"') == 2


def test_checkbox_label_holds_its_box():
    html = part("field", field=Everything()["agree"])
    assert re.search(r'<label class="choice" for="id_agree"><input type="checkbox"', html)


def test_hidden_field_is_bare():
    assert part("field", field=Everything()["token"]) == '<input type="hidden" name="token" id="id_token">'


def test_counter_knows_its_field():
    html = part("field", field=Everything()["body"], limit=2000)
    assert 'data-counts="id_body" data-limit="2000"' in html


def test_error_summary_links_each_error_to_its_field():
    form = Everything({"body": "", "why": "c"})
    form.add_error(None, "Nothing was saved.")
    html = part("errors", form=form, title="Not sent")
    assert '<div role="alert"> <h2>Not sent</h2>' in html
    assert '<a href="#id_body">Your comment: fill this in</a>' in html
    assert '<a href="#id_why">' in html
    assert "<li>Nothing was saved.</li>" in html


def test_error_summary_is_silent_without_errors():
    assert part("errors", form=Everything()) == ""


# Dates and stamps


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ({"date": dt.date(2026, 3, 14)}, '<time datetime="2026-03-14">14 March 2026</time>'),
        ({"date": dt.date(2028, 3, 1), "precision": "month"}, '<time datetime="2028-03">March 2028</time>'),
        ({"date": dt.date(2028, 3, 1), "precision": "year"}, '<time datetime="2028">2028</time>'),
        (
            {"date": SimpleNamespace(date=dt.date(2028, 3, 1), precision="month")},
            '<time datetime="2028-03">March 2028</time>',
        ),
        (
            {"date": dt.datetime(2026, 3, 14, 10, 42, tzinfo=dt.UTC), "clock": True},
            '<time datetime="2026-03-14T10:42:00+00:00">14 March 2026, 10:42</time>',
        ),
        ({"date": None}, ""),
    ],
    ids=["day", "month", "year", "object", "clock", "none"],
)
def test_date_in_words(context: dict, expected: str):
    assert part("date", **context) == expected


def reviewers(number: int) -> list[dict]:
    names = ["Amara Osei", "Ben Halvorsen", "Cora Lind", "Dana Roe"]
    return [{"name": name, "credentials": "MD", "url": f"/team/{name[0]}/"} for name in names[:number]]


def test_stamp_names_one_reviewer_and_both_dates():
    html = part(
        "stamp",
        reviewers=reviewers(1),
        last_reviewed=dt.date(2026, 3, 14),
        next_due=dt.date(2028, 3, 1),
        next_due_precision="month",
    )
    assert words(html) == (
        "Medically reviewed by Amara Osei, MD Last reviewed 14 March 2026. Next review due March 2028"
    )
    assert "review was due" not in html


def test_stamp_of_two_and_of_four():
    assert "Amara Osei, MD and Ben Halvorsen, MD" in words(part("stamp", reviewers=reviewers(2)))
    four = part("stamp", reviewers=reviewers(4))
    assert "<summary>and 2 others</summary>" in four
    assert four.count('rel="author"') == 4


def test_stamp_says_when_the_review_is_late():
    html = part("stamp", reviewers=reviewers(1), next_due=dt.date(2026, 10, 1), overdue=True)
    assert "Its next review was due 1 October 2026." in words(html)


# Status


STATUSES = sorted({*Review.Status.values, *Comment.Status.values, *QueueItem.Lane.values, *Reference.Status.values})


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_has_icon_word_and_tint(status: str):
    html = part("status", status=status)
    assert "#" in html, "an icon"
    assert words(html) not in ("", status), "a word that is not the code"


def test_status_in_capitals_and_in_other_words():
    assert words(part("status", status="HELD")) == "Waiting for a moderator"
    assert words(part("status", status="overdue", label="Overdue by 12 days")) == "Overdue by 12 days"


def test_teal_is_for_medicine_alone():
    teal = [status for status in STATUSES + ["signed"] if "tag-trust" in part("status", status=status)]
    assert teal == ["signed"]
    assert "tag-trust" in part("author_tag", part="medical")
    assert "tag-trust" not in part("author_tag", part="moderator")


# Newsletter


def test_newsletter_box_shows_exactly_the_words_we_keep():
    html = part("newsletter_box")
    shown = re.search(r'<p class="newsletter-consent"[^>]*>(.*?)</p>', html)
    assert shown
    assert words(shown[1]) == str(newsletter.consent_words())
    assert "csrf" not in html
    assert 'name="website"' in html


# The page around


class Stranger:
    """A request that notes who asks it about the person: whoever does makes a reader's page private."""

    def __init__(self, path: str = "/articles/") -> None:
        self.path = path
        self.asked: list[str] = []

    def __getattr__(self, name: str):
        if name in ("user", "session", "COOKIES", "META"):
            self.asked.append(name)
        raise AttributeError(name)


def page(template: str, request=None, **context) -> str:
    source = Template('{% extends "' + template + '" %}{% block title %}Title{% endblock %}')
    around = {"site_name": "Bedside", "viewer": None, "desks": [], "request": request, **context}
    return source.render(Context(around))


def test_strangers_get_no_form_with_a_token_and_no_messages():
    request = Stranger()
    html = page("base.html", request, csrf_token="secret-token", messages=["For one person only"])
    assert request.asked == []
    assert "secret-token" not in html
    assert "csrfmiddlewaretoken" not in html
    assert "For one person only" not in html
    assert "Sign in" in words(html)


def test_members_can_sign_out_and_see_messages(monkeypatch):
    monkeypatch.setattr(news, "unread", lambda viewer: 3)
    viewer = SimpleNamespace(handle="maya_k")
    message = SimpleNamespace(level_tag="success", __str__=lambda self: "Saved")
    html = page("base.html", Stranger(), viewer=viewer, csrf_token="secret-token", messages=[message])
    assert "secret-token" in html
    assert "maya_k" in html
    assert "notice-ok" in html
    assert "/desk/" not in html


def test_desk_link_only_for_those_who_have_one(monkeypatch):
    monkeypatch.setattr(news, "unread", lambda viewer: 0)
    viewer = SimpleNamespace(handle="priya")
    desks = [SimpleNamespace(url="/desk/writing/", title="Writing")]
    assert 'href="/desk/"' in page("base.html", Stranger(), viewer=viewer, desks=desks, csrf_token="x")


def test_navigation_marks_the_section():
    assert '<a href="/drugs/" aria-current="true">' in page("base.html", Stranger("/drugs/x/"))
    assert '<a href="/articles/">' in page("base.html", Stranger("/drugs/x/"))


def test_desk_pages_stay_out_of_search_engines():
    html = page("desk.html", Stranger("/desk/"), viewer=SimpleNamespace(handle="p"), csrf_token="x")
    assert '<meta name="robots" content="noindex">' in html
    assert '<body class="desk ' in html


def test_our_own_fault_needs_no_context_to_be_drawn():
    html = render_to_string("500.html")
    assert "Something went wrong on our side" in html
    assert "<title>" in html
