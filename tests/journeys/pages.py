"""Every page type, as found in the demo world: for the journeys that look at each of them, and for `make screens`."""

from typing import NamedTuple

from playwright.sync_api import Page, Response

ARTICLE = "/articles/her2-low-what-the-label-means/"
JOINTS = "/articles/aromatase-inhibitor-joint-pain/"
# The address of a reply leads to the page of its thread.
TO_A_REPLY = ".comment-replies .comment-time"
IN_REVIEW = "pathology"
LIVE = "joint pain"


class Kind(NamedTuple):
    """A page type: its name, who looks at it (part of a demo login), and where to start.

    `follow` holds the links from there: where each is found on its page, or "+" and what its address ends in.
    A picture shows all of the page from its head down, or only `part`.
    """

    name: str
    who: str
    start: str
    follow: tuple[str, ...] = ()
    status: int = 200
    in_dark: bool = False
    part: str = ""


def link(path: str, words: str = "") -> str:
    return f'main a[href*="{path}"]:has-text("{words}")' if words else f'main a[href*="{path}"]'


PUBLIC = [
    Kind("home", "", "/"),
    Kind("articles", "", "/articles/"),
    Kind("topic", "", "/", (link("/topics/"),)),
    Kind("article", "", ARTICLE, in_dark=True),
    Kind("article-overdue", "", "/articles/scalp-cooling-and-hair/"),
    Kind("article-taken-down", "", "/articles/heart-checks-during-her2-treatment/", status=410),
    Kind("report-error", "", ARTICLE, ("a[href$='/report-error/']",)),
    Kind("history", "", f"{ARTICLE}history/", in_dark=True),
    Kind("as-reviewed", "", f"{ARTICLE}history/1/", in_dark=True),
    Kind("conversation", "", f"{ARTICLE}conversation/"),
    Kind("report-signed-out", "", ARTICLE, ("a.report-link",)),
    Kind("conversation-helpful", "", f"{ARTICLE}conversation/?sort=helpful"),
    Kind("thread", "", JOINTS, (TO_A_REPLY,), in_dark=True),
    Kind("drugs", "", "/drugs/"),
    Kind("drug", "", "/drugs/", (".directory a[href^='/drugs/']:not([href*='/classes/'])",)),
    Kind("drug-class", "", "/drugs/", (link("/drugs/classes/"),)),
    Kind("subtypes", "", "/subtypes/"),
    Kind("subtype", "", "/subtypes/", ("main a[href^='/subtypes/']",)),
    Kind("team", "", "/team/"),
    Kind("person", "", "/team/", ("main a[href^='/team/']",)),
    Kind("newsletter", "", "/newsletter/"),
    Kind("rules", "", "/rules/"),
    Kind("privacy", "", "/privacy/"),
    Kind("get-help-now", "", "/get-help-now/"),
    Kind("transparency", "", "/transparency/", in_dark=True),
    Kind("not-found", "", "/nowhere/", status=404),
]
ACCOUNT = [
    Kind("sign-in", "", "/account/login/"),
    Kind("sign-up", "", "/account/signup/"),
    Kind("password-reset", "", "/account/password/reset/"),
    Kind("me", "reader", "/me/"),
    Kind("email", "reader", "/account/email/"),
    Kind("password", "reader", "/account/password/change/"),
    Kind("second-factor", "writer", "/account/2fa/"),
    Kind("sessions", "writer", "/account/sessions/"),
]
CONVERSATION = [
    Kind("article-member", "reader", ARTICLE),
    Kind("thread-member", "reader", JOINTS, (TO_A_REPLY,)),
    Kind("rules-first", "newcomer", f"{ARTICLE}comment/"),
    Kind("rules-changed", "farida", f"{ARTICLE}comment/"),
    Kind("write-a-comment", "reader", f"{ARTICLE}comment/"),
    Kind("write-a-reply", "reader", ARTICLE, (link("/reply/"),)),
    Kind("change-a-comment", "reader", "/me/comments/", (link("/edit/"),)),
    Kind("my-comments", "reader", "/me/comments/"),
    Kind("my-comments-appeal", "reader2", "/me/comments/"),
    Kind("standing", "reader2", "/me/standing/"),
    Kind("standing-appeal", "reader2", "/me/standing/", (link("/appeal/"),)),
    Kind("reasons", "reader2", "/me/comments/", (link("/statement/"),)),
    Kind("notifications", "reader", "/me/notifications/", in_dark=True),
    Kind("following", "reader", "/me/following/"),
    Kind("follow-a-conversation", "reader", f"{ARTICLE}conversation/follow/"),
    Kind("follow-a-comment", "reader", ARTICLE, ("main a[href^='/comments/'][href$='/follow/']",)),
    Kind("leave-a-conversation", "", "/follow/leave/any-token/"),
    Kind("report", "newcomer", ARTICLE, ("a.report-link",)),
    Kind("my-reports", "graceann", "/me/reports/"),
    Kind("report-receipt", "graceann", "/me/reports/", (link("/reports/"),)),
    Kind("delete-a-comment", "reader", "/me/comments/", (link("/withdraw/"),)),
]
DESKS = [
    Kind("desk", "editor", "/desk/"),
    Kind("writing", "writer", "/desk/writing/"),
    Kind("writing-new", "writer", "/desk/writing/new/"),
    Kind("edit", "writer", "/desk/writing/", (link("/desk/writing/", IN_REVIEW),)),
    Kind("preview", "writer", "/desk/writing/", (link("/desk/writing/", IN_REVIEW), "+preview/")),
    Kind("review", "reviewer", "/desk/review/"),
    Kind("review-assign", "editor", "/desk/review/", (link("/assign/"),)),
    Kind("live-pages", "editor", "/desk/review/live/"),
    Kind("page-settings", "editor", "/desk/review/live/", (link("/desk/review/pages/", "Settings"),)),
    Kind("called-back", "editor", "/desk/review/called-back/"),
    Kind("one-called-back", "editor", "/desk/review/called-back/", ("th a",)),
    Kind("review-calendar", "editor", "/desk/review/calendar/"),
    Kind("review-policies", "editor", "/desk/review/policies/"),
    Kind("review-policy", "admin", "/desk/review/policies/", ("th a",)),
    Kind("sources", "reviewer", "/desk/review/sources/"),
    Kind("source", "reviewer", "/desk/review/sources/", ("th a[href*='/desk/review/sources/']",)),
    Kind("check-sources", "editor", "/desk/review/sources/import/"),
    Kind("reading-a-revision", "reviewer", "/desk/review/", (link("/desk/review/", IN_REVIEW),)),
    Kind("sign", "reviewer", "/desk/review/", (link("/desk/review/", IN_REVIEW), link("/sign/")), in_dark=True),
    Kind("receipt", "editor", "/desk/review/?lane=signed", ("th a", link("/signatures/"))),
    Kind("comparing", "editor", "/desk/review/?lane=signed", ("th a",), in_dark=True),
    Kind("publish", "editor", "/desk/review/?lane=signed", ("th a", link("/publish/"))),
    Kind("planned", "editor", "/desk/review/planned/"),
    Kind("versions", "editor", "/desk/review/live/", (link("/versions/"),)),
    Kind("withdraw", "editor", "/desk/review/live/", (link("/withdraw/"),)),
    Kind("notice", "editor", "/desk/review/live/", (link("/notice/"),)),
    Kind("moderation", "moderator", "/desk/moderation/held/"),
    Kind("moderation-card", "moderator", "/desk/moderation/medical/", (".queue-row-text",), in_dark=True),
    Kind("moderation-crisis", "moderator", "/desk/moderation/crisis/", (".queue-row-text",)),
    Kind("crisis-cases", "moderator", "/desk/moderation/crisis/cases/"),
    Kind("crisis-case", "moderator", "/desk/moderation/crisis/cases/", ("th a",), in_dark=True),
    Kind("moderation-reported", "moderator", "/desk/moderation/reported/", (".queue-row-text",)),
    Kind("moderation-reject", "moderator", "/desk/moderation/privacy/", (".queue-row-text", "+&step=reasons")),
    *(
        Kind(f"moderation-{step}", "moderator", "/desk/moderation/privacy/", (".queue-row-text", f"+&step={step}"))
        for step in ("redact", "edit", "escalate", "medical", "hold")
    ),
    Kind("moderation-settings", "moderator", "/desk/moderation/settings/"),
    Kind("questions", "reviewer", "/desk/questions/"),
    Kind("moderation-words", "moderator", "/desk/moderation/words/"),
    Kind("moderation-words-version", "moderator", "/desk/moderation/words/", (link("/moderation/words/", "Version"),)),
    Kind("moderation-words-edit", "moderator", "/desk/moderation/words/edit/"),
    Kind("moderation-quality", "moderator", "/desk/moderation/quality/", in_dark=True),
    Kind("side-effects", "moderator", "/desk/moderation/safety/events/", in_dark=True),
    Kind("side-effects-one", "moderator", "/desk/moderation/safety/events/", ("th a",), in_dark=True),
    Kind(
        "side-effects-record",
        "moderator",
        "/desk/moderation/safety/events/",
        ("th a", link("/safety/record/")),
        in_dark=True,
    ),
    Kind("side-effects-month", "moderator", "/desk/moderation/safety/months/"),
    Kind("side-effects-contacts", "admin", "/desk/moderation/safety/contacts/"),
    Kind("moderation-conversations", "moderator", "/desk/moderation/conversations/"),
    Kind(
        "moderation-mode",
        "moderator",
        "/desk/moderation/conversations/",
        (link("/conversations/", LIVE),),
        in_dark=True,
    ),
    Kind("crisis-closed", "moderator", "/desk/moderation/crisis/cases/closed/", in_dark=True),
    Kind("moderation-several", "moderator", "/desk/moderation/held/bulk/"),
    Kind("moderation-batches", "moderator", "/desk/moderation/batches/"),
    Kind("moderation-whole-lane", "moderator", "/desk/moderation/held/bulk/?all=1"),
    Kind("moderation-appeals", "moderator", "/desk/moderation/appeals/"),
    Kind("moderation-hear", "moderator", "/desk/moderation/appeals/", ("main a[href^='/desk/moderation/appeals/']",)),
    Kind("moderation-member", "moderator", "/desk/moderation/members/farida-writes/", in_dark=True),
    Kind("moderation-sanction", "moderator", "/desk/moderation/members/farida-writes/sanction/?kind=ban"),
    Kind("moderation-lift", "moderator", "/desk/moderation/members/farida-writes/", (link("/lift/"),)),
    Kind("conversations-editor", "editor", "/desk/moderation/conversations/"),
    Kind("people", "admin", "/desk/people/"),
    Kind("one-of-the-people", "admin", "/desk/people/", ("th a",)),
    Kind("webhooks", "admin", "/desk/webhooks/"),
    Kind("specialties", "admin", "/desk/people/specialties/"),
    Kind("mail", "", "/desk/mail/"),
    Kind("one-mail", "", "/desk/mail/", (link("/desk/mail/"),)),
]
KINDS = [*PUBLIC, *ACCOUNT, *CONVERSATION, *DESKS]


class NotThere(Exception):
    """A page did not answer as it should, or a link that leads on is missing."""


def go(page: Page, kind: Kind) -> Response:
    """Open a page of this kind."""
    address = kind.start
    for wanted in kind.follow:
        open_at(page, address, 200)
        address = next_address(page, wanted)
    return open_at(page, address, kind.status)


def next_address(page: Page, wanted: str) -> str:
    if wanted.startswith("+"):
        return page.url + wanted[1:]
    found = page.locator(wanted)
    if not found.count():
        raise NotThere(f"{page.url} has no link {wanted}")
    return str(found.first.get_attribute("href"))


def open_at(page: Page, address: str, status: int) -> Response:
    answer = page.goto(address)
    if answer is None or answer.status != status:
        raise NotThere(f"{address} answered {answer and answer.status}, not {status}")
    return answer
