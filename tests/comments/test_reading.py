"""What is read: threads as readers see them, what is left of what is gone, and what is a member's own."""

import html
import re
from datetime import timedelta
from itertools import count

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import names, policies
from accounts.models import User
from articles.workflow import publishing
from benchmarks import crowd
from comments import counting, erasure, reading, thread
from comments.models import Comment, Conversation, Helpful, ReadMark
from comments.workflow import deciding, posting, reacting
from tests import cast as actors
from tests.articles.test_history import replace, revise
from tests.comments.conftest import publish, turn_down, write

_tokens = count(1)


def answer(
    world, to: Comment, *, by: User | None = None, text: str = "So it was for me.", held: bool = False
) -> Comment:
    comment = posting.post(
        world.page,
        by=by or world.nora,
        text=text,
        token=f"answer-{next(_tokens)}",
        rules_version=world.rules,
        reply_to=to,
    )
    # What the team answers is public at once when nothing is found in it.
    if not held and comment.status == Comment.Status.HELD:
        deciding.approve(comment, by=world.max, version=comment.version)
    return comment


def home(world) -> str:
    return world.page.get_absolute_url()


def further(world, **asked) -> str:
    address = reverse("comments:conversation", args=["articles", world.page.slug])
    return f"{address}?{'&'.join(f'{name}={value}' for name, value in asked.items())}" if asked else address


def thread_of(world, root: Comment) -> str:
    return reverse("comments:thread", args=["articles", world.page.slug, root.public_id])


def read_url(world) -> str:
    return reverse("comments:read", args=["articles", world.page.slug])


def shown(page: str) -> list[str]:
    """The public ids of all comments and tombstones, in the order of the page."""
    return re.findall(r'<article class="comment(?:-gone)?" id="comment-(\w+)"', page)


def one(page: str, comment: Comment) -> str:
    """What the page says about one comment, as HTML."""
    return re.search(rf'<article [^>]*id="comment-{comment.public_id}".*?</article>', page, re.DOTALL)[0]


def words(fragment: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", fragment)).split())


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def everybody(world) -> dict[str, Client]:
    return {
        "stranger": Client(),
        "member": signed_in(world.nora),
        "author": signed_in(world.rita),
        "moderator": signed_in(world.max),
    }


class TestThreads:
    def test_replies_stand_below_what_they_answer(self, world, client):
        root = publish(world)
        first = answer(world, root)
        below = answer(world, first, by=world.rita)
        second = answer(world, root)
        other = publish(world)
        page = client.get(home(world)).text
        assert shown(page) == [c.public_id for c in (other, root, first, below, second)]
        assert re.findall(r'<li class="reply-(\d)', page) == ["1", "2", "1"]

    def test_whom_it_answers_is_said_where_the_order_does_not_say_it(self, world, client, clock):
        root = publish(world)
        first = answer(world, root)
        below = answer(world, first, by=world.rita)
        also = answer(world, first, by=world.rita)
        second = answer(world, root)
        third = answer(world, root)
        page = client.get(thread_of(world, root)).text
        said = {c.public_id: "Replying to" in one(page, c) for c in (root, first, below, also, second, third)}
        assert [said[c.public_id] for c in (root, first, below, also, second, third)] == [
            False, False, False, True, True, False,
        ]  # fmt: skip
        assert words(one(page, also)).count(f"Replying to {world.nora.handle}") == 1

    def test_three_stand_under_the_article_and_the_rest_behind_a_link(self, world, client, clock):
        root = publish(world)
        replies = []
        for _ in range(5):
            clock.shift(timedelta(minutes=3))
            replies.append(answer(world, root))
        page = client.get(home(world)).text
        assert shown(page) == [root.public_id, *(one.public_id for one in replies[:3])]
        link = re.search(r'<a class="btn btn-plain load-more"[^>]*href="([^"]+)">(.*?)</a>', page, re.DOTALL)
        assert words(link[2]) == "Show 2 more replies"
        rest = client.get(link[1]).text
        assert shown(rest) == [root.public_id, *(one.public_id for one in replies[3:])]
        assert "Earlier replies" in rest

    def test_one_more_is_one_more(self, world, client):
        root = publish(world)
        for _ in range(4):
            answer(world, root, by=world.nora)
        assert "Show 1 more reply<" in client.get(home(world)).text

    def test_the_address_of_a_reply_opens_its_thread_around_it(self, world, without_triggers, client):
        made = crowd.fill(
            world.conversation, [world.nora], world.rules, roots=2, replies_to_first=60, chain=15, down=without_triggers
        )
        target = made[2 + 30]
        there = client.get(target.get_absolute_url()).url
        assert there == f"{thread_of(world, made[0])}?from={target.public_id}#comment-{target.public_id}"
        page = client.get(there).text
        assert shown(page)[:6] == [made[at].public_id for at in (0, 29, 30, 31, 32, 33)]
        assert "Earlier replies" in page
        assert "Show more replies" in page
        deepest = made[-1]
        page = client.get(client.get(deepest.get_absolute_url()).url).text
        # The root, everything between it and the first of the page, then the page.
        assert set(shown(page)) >= {made[1].public_id, *(c.public_id for c in made if c.pk in thread.above(deepest))}

    def test_only_roots_that_are_shown_have_a_thread(self, world, client):
        root = publish(world)
        reply = answer(world, root)
        waiting = write(world)
        other = actors.live_article(world, slug="another", title="Another")
        for found in (reply, waiting):
            assert client.get(thread_of(world, found)).status_code == 404
        elsewhere = reverse("comments:thread", args=["articles", other.slug, root.public_id])
        assert client.get(elsewhere).status_code == 404
        assert client.get(thread_of(world, root) + f"?from={waiting.public_id}").status_code == 404
        Conversation.objects.update(mode="hidden")
        assert client.get(thread_of(world, root)).status_code == 404
        assert client.get(root.get_absolute_url()).status_code == 404

    def test_each_order_has_its_link_and_the_pages_keep_it(self, world, without_triggers, client):
        crowd.fill(world.conversation, [world.nora], world.rules, roots=45, readers=[world.ada], down=without_triggers)
        page = client.get(home(world)).text
        order = re.search(r'<nav class="sort".*?</nav>', page, re.DOTALL)[0]
        assert words(order) == "Newest Oldest Most helpful"
        assert re.search(r'aria-current="true">Newest<', order)
        page = client.get(further(world, sort="helpful")).text
        link = html.unescape(re.search(r'rel="next"[^>]*href="([^"]+)"', page)[1])
        assert re.search(r"\?sort=helpful&after=\d-[a-z2-7]{12}$", link)
        page = client.get(link).text
        back = html.unescape(re.search(r'rel="prev" href="([^"]+)"', page)[1])
        assert shown(client.get(back).text) == shown(client.get(further(world, sort="helpful")).text)

    def test_the_place_is_kept_in_the_address_though_the_votes_change(self, world, without_triggers, client):
        # edge case 41
        made = crowd.fill(world.conversation, [world.nora], world.rules, roots=25, down=without_triggers)
        page = client.get(further(world, sort="helpful")).text
        link = html.unescape(re.search(r'rel="next"[^>]*href="([^"]+)"', page)[1])
        expected = shown(client.get(link).text)
        reacting.find_helpful(Comment.objects.get(public_id=shown(page)[-1]), by=world.rita, helpful=True)
        assert shown(client.get(link).text) == expected
        assert len(expected) == 5
        assert made[0].public_id in expected


class TestTombstones:
    SENTENCES = {
        "withdrawn": "The member deleted this comment.",
        "rejected": "A moderator removed this comment because it broke the rule “Protect privacy”.",
        "spam": "This comment was removed because it was spam.",
        "hidden": "We are looking at this comment again, so it is not shown for now.",
        "held": "We are looking at this comment again, so it is not shown for now.",
        "erased": "This comment was erased together with its writer’s account.",
    }

    def bring_down(self, world, comment: Comment, status: str) -> None:
        comment.refresh_from_db()
        if status == "withdrawn":
            posting.withdraw(comment, by=comment.author, version=comment.version)
        elif status == "rejected":
            turn_down(world, comment)
        elif status == "spam":
            deciding.mark_spam(comment, by=world.max, version=comment.version)
        elif status == "hidden":
            deciding.hide(comment, by=world.max, version=comment.version)
        elif status == "held":
            posting.edit(
                comment,
                by=comment.author,
                text="Other secret words.",
                version=comment.version,
                rules_version=world.rules,
            )
        else:
            erasure.erase(comment.author, remove_words=True)
        comment.refresh_from_db()
        assert comment.status == status

    # edge case 17
    # edge case 37
    @pytest.mark.parametrize("status", SENTENCES)
    def test_only_a_sentence_is_left_and_the_replies_stay(self, world, status):
        root = publish(world, text="Secret words.")
        reply = answer(world, root, text="An answer that stays.")
        self.bring_down(world, root, status)
        for who, client in everybody(world).items():
            there = client.get(root.get_absolute_url(), follow=True)
            assert there.redirect_chain[-1][0] == f"{home(world)}#comment-{root.public_id}"
            for page in (there.text, client.get(thread_of(world, root)).text, client.get(further(world)).text):
                assert shown(page) == [root.public_id, reply.public_id]
                left = one(page, root)
                if (who, status) == ("author", "held"):
                    assert "Other secret words." in left
                    assert "Waiting for a moderator." in page
                    continue
                assert words(left) == self.SENTENCES[status]
                assert world.rita.handle not in left
                assert "secret words" not in page.lower()
                assert 'aria-labelledby="name-' in left
                assert "An answer that stays." in page
                assert "1 comment<" in page or "1 reply<" in page

    # edge case 17
    def test_when_the_last_answer_goes_so_does_the_tombstone(self, world, client):
        root = publish(world)
        reply = answer(world, root)
        self.bring_down(world, root, "withdrawn")
        assert client.get(root.get_absolute_url()).status_code == 302
        self.bring_down(world, reply, "withdrawn")
        assert shown(client.get(home(world)).text) == []
        assert client.get(root.get_absolute_url()).status_code == 404
        assert client.get(thread_of(world, root)).status_code == 404

    def test_a_removed_reply_in_the_middle_keeps_its_place(self, world, client):
        root = publish(world)
        middle = answer(world, root, text="Gone words.")
        below = answer(world, middle, by=world.rita)
        turn_down(world, middle)
        page = client.get(home(world)).text
        assert shown(page) == [c.public_id for c in (root, middle, below)]
        assert "Gone words." not in page
        assert client.get(middle.get_absolute_url()).url.startswith(thread_of(world, root))

    # edge case 13
    # edge case 14
    def test_rejecting_and_restoring_a_parent_changes_it_alone(self, world, client):
        root = publish(world, text="The parent.")
        kept = answer(world, root, text="Kept answer.")
        refused = answer(world, root, text="Refused answer.")
        turn_down(world, refused)
        before = client.get(home(world)).text
        assert "2 comments<" in before
        root.refresh_from_db()
        turn_down(world, root)
        page = client.get(home(world)).text
        assert "1 comment<" in page
        assert "The parent." not in page
        assert "Kept answer." in page
        assert client.get(kept.get_absolute_url()).status_code == 302
        assert client.get(refused.get_absolute_url()).status_code == 404
        root.refresh_from_db()
        deciding.restore(root, by=world.max, version=root.version)
        after = client.get(home(world)).text
        assert "2 comments<" in after
        assert "Refused answer." not in after
        assert shown(after) == shown(before)
        assert counting.drifts() == []


class TestSecrets:
    # edge case 37
    def test_nothing_of_a_held_comment_reaches_anybody_else(self, world):
        root = publish(world)
        policies.accept(world.mona, world.rules)
        answer(world, root, by=world.mona)
        people = everybody(world)
        del people["author"]
        pages = [home(world), further(world), further(world, sort="oldest"), thread_of(world, root)]
        before = {(who, page): shown(client.get(page).text) for who, client in people.items() for page in pages}
        held = [write(world, text="Hidden away."), answer(world, root, by=world.rita, text="Hidden too.", held=True)]
        for who, client in people.items():
            for page in pages:
                text = client.get(page).text
                assert shown(text) == before[who, page]
                assert "Hidden" not in re.sub(r"(?s)<(style|script).*?</\1>", "", text)
                assert "2 comments<" in text or "1 reply<" in text
            for comment in held:
                assert comment.public_id not in client.get(home(world)).text
                assert client.get(further(world, after=comment.public_id)).status_code == 404
                if who != "moderator":
                    assert client.get(comment.get_absolute_url()).status_code == 404

    def test_strangers_get_the_same_bytes_without_token_and_age(self, world):
        root = publish(world)
        answer(world, root)
        for address in (home(world), further(world, sort="oldest"), thread_of(world, root)):
            one, two = Client().get(address), Client(headers={"user-agent": "other"}).get(address)
            assert one.content == two.content
            assert not one.cookies
            assert one["Cache-Control"] == "public, max-age=0, must-revalidate"
            assert "csrfmiddlewaretoken" not in one.text
            assert " ago" not in one.text
            assert 'name="until"' not in one.text

    def test_members_pages_are_theirs_alone(self, world):
        root = publish(world)
        for address in (home(world), further(world), thread_of(world, root)):
            assert signed_in(world.nora).get(address)["Cache-Control"] == "private, no-store"

    # edge case 45
    def test_a_name_cannot_turn_the_text_around_it(self, world, client):
        for name in ("\u202eatir", "rita\u2067x", "ri\u200fta", "r\u0000ita"):
            assert names.problem(name)
        assert names.problem("ريتا حداد") == ""
        # Should one ever get in, it is shut into an element of its own and escaped, here as in "Replying to".
        User.objects.filter(pk=world.nora.pk).update(handle="\u202e<b>")
        root = publish(world)
        first = answer(world, root)
        answer(world, root, by=world.rita)
        answer(world, first, by=world.rita)
        also = answer(world, first, by=world.rita)
        # What machines read is JSON, not words in a line.
        page = re.sub(r"<script type=\"application/ld.json\">.*?</script>", "", client.get(thread_of(world, root)).text)
        name = "\u202e&lt;b&gt;"
        assert f"<bdi>{name}</bdi></h4>" in one(page, first)
        assert f"<bdi>{name}</bdi></a>" in one(page, also)
        assert page.count("\u202e") == page.count(f"<bdi>{name}</bdi>")


class TestMyOwn:
    def test_a_waiting_reply_stands_under_its_root(self, world):
        root = publish(world, by=world.nora)
        mine = answer(world, root, by=world.rita, held=True)
        page = signed_in(world.rita).get(home(world)).text
        assert shown(page) == [root.public_id, mine.public_id]
        assert page.count("Waiting for a moderator.") == 1
        assert shown(signed_in(world.rita).get(thread_of(world, root)).text) == [root.public_id, mine.public_id]

    def test_one_whose_root_stands_elsewhere_is_at_the_top(self, world, without_triggers):
        made = crowd.fill(world.conversation, [world.nora], world.rules, roots=30, down=without_triggers)
        mine = answer(world, made[0], by=world.rita, held=True)
        rita = signed_in(world.rita)
        page = rita.get(home(world)).text
        assert shown(page)[0] == mine.public_id
        assert f"Replying to {world.nora.handle}" in words(one(page, mine))
        last = rita.get(further(world, after=shown(page)[-1])).text
        assert shown(last)[-2:] == [made[0].public_id, mine.public_id]

    def test_my_helpful_marks_are_known(self, world):
        root = publish(world, by=world.nora)
        policies.accept(world.mona, world.rules)
        reply = answer(world, root, by=world.mona)
        reacting.find_helpful(root, by=world.rita, helpful=True)
        reader = reading.Reader(reading.conversations().get(), world.rita)
        spread = _first_page(reader)
        assert spread.branches[0].root.comment.found_helpful_by_me
        assert not spread.branches[0].replies[0].comment.found_helpful_by_me
        assert Helpful.objects.count() == 1
        assert reply.pk == spread.branches[0].replies[0].comment.pk

    def test_changed_words_say_when(self, world, client):
        root = publish(world)
        assert "edited" not in one(client.get(home(world)).text, root)
        root.refresh_from_db()
        posting.edit(root, by=world.rita, text="Better words.", version=root.version, rules_version=world.rules)
        root.refresh_from_db()
        if root.status == "held":
            deciding.approve(root, by=world.max, version=root.version)
        assert "edited" in words(one(client.get(home(world)).text, root))

    def test_what_was_polished_before_anybody_read_it_says_nothing(self, world, client):
        root = write(world)
        posting.edit(root, by=world.rita, text="Better words.", version=root.version, rules_version=world.rules)
        root.refresh_from_db()
        deciding.approve(root, by=world.max, version=root.version)
        assert "edited" not in words(one(client.get(home(world)).text, root))


def _first_page(reader: reading.Reader) -> reading.Spread:
    newest = thread.ORDERS[thread.Sort.NEWEST]
    rows = thread.first(thread.roots(reader.conversation, reader.viewer), newest)
    return reader.spread(rows, newest, thread.Sort.NEWEST, is_first=True)


class TestEarlierVersion:
    NOTE = "Written under an earlier version of this page."

    def test_it_is_said_once_the_reviewed_text_has_changed(self, world, client):
        before = publish(world)
        assert self.NOTE not in client.get(home(world)).text
        replace(world.page, world, title="Sleep in the months after treatment")
        after = publish(world, by=world.nora)
        page = client.get(home(world)).text
        assert self.NOTE in words(one(page, before))
        assert f'href="{home(world)}history/"' in one(page, before)
        assert self.NOTE not in words(one(page, after))
        assert self.NOTE in client.get(thread_of(world, before)).text

    def test_a_slip_of_the_pen_put_right_does_not_count(self, world, client):
        comment = publish(world)
        slip = "Short nights are comon. Here is what can help."
        opened = revise(world.page, world, change_class="typo", note="A comma.", standfirst=slip)
        actors.sign(opened, world.edda)
        opened.refresh_from_db()
        publishing.publish(opened, by=actors.person("third", "editor", name="Third Editor"))
        page = client.get(home(world)).text
        assert slip in page
        assert self.NOTE not in words(one(page, comment))


class TestNews:
    def read(self, client, world, until=None):
        return client.post(read_url(world), {"until": (until or timezone.now()).isoformat()})

    def test_what_others_said_since_is_new(self, world, clock):
        old = publish(world, by=world.nora)
        rita = signed_in(world.rita)
        assert "new since" not in rita.get(home(world)).text
        assert self.read(rita, world).url == f"{home(world)}#conversation"
        clock.shift(timedelta(hours=1))
        new, mine = publish(world, by=world.nora), publish(world, by=world.rita)
        page = rita.get(home(world)).text
        assert "1 new since" in words(page)
        tagged = [c.public_id for c in (old, new, mine) if "tag-new" in one(page, c)]
        assert tagged == [new.public_id]
        assert "tag-new" not in Client().get(home(world)).text
        clock.shift(timedelta(hours=1))
        self.read(rita, world)
        page = rita.get(home(world)).text
        assert "new since" not in page
        assert "tag-new" not in page
        assert "Mark as read" not in page

    def test_looking_changes_nothing(self, world):
        publish(world, by=world.nora)
        rita = signed_in(world.rita)
        for address in (home(world), further(world)):
            assert "Mark as read" in rita.get(address).text
        assert rita.get(read_url(world)).status_code == 405
        assert not ReadMark.objects.exists()

    def test_it_never_goes_back_and_never_beyond_now(self, world, clock):
        publish(world, by=world.nora)
        rita = signed_in(world.rita)
        self.read(rita, world)
        mark = ReadMark.objects.get().seen_at
        self.read(rita, world, timezone.now() - timedelta(days=1))
        assert ReadMark.objects.get().seen_at == mark
        self.read(rita, world, timezone.now() + timedelta(days=1))
        assert ReadMark.objects.get().seen_at <= timezone.now()

    @pytest.mark.parametrize("until", ["", "yesterday", "2026-11-26T10:00:00", "2026-13-40T10:00:00+00:00"])
    def test_a_time_that_is_none_is_refused(self, world, until):
        publish(world)
        assert signed_in(world.rita).post(read_url(world), {"until": until}).status_code == 400

    def test_strangers_sign_in_first(self, world, client):
        publish(world)
        response = client.post(read_url(world), {"until": timezone.now().isoformat()})
        assert response.status_code == 302
        assert "/account/login/" in response.url

    def test_a_hundred_are_counted_and_no_more(self, world, without_triggers, clock):
        rita = signed_in(world.rita)
        ReadMark.objects.create(
            user=world.rita, conversation=world.conversation, seen_at=timezone.now() - timedelta(days=60)
        )
        crowd.fill(world.conversation, [world.nora], world.rules, roots=100, down=without_triggers)
        assert "100 new since" in words(rita.get(home(world)).text)
        crowd.fill(world.conversation, [world.nora], world.rules, roots=10, down=without_triggers)
        assert "100+ new since" in words(rita.get(home(world)).text)

    def test_what_she_may_not_see_is_not_counted(self, world):
        publish(world, by=world.nora)
        rita = signed_in(world.rita)
        self.read(rita, world, timezone.now() - timedelta(days=1))
        hidden = publish(world, by=world.nora)
        hidden.refresh_from_db()
        deciding.hide(hidden, by=world.max, version=hidden.version)
        write(world, by=world.nora)
        assert "1 new since" in words(rita.get(home(world)).text)


def test_a_page_taken_down_takes_its_threads_along(world, client):
    root = publish(world)
    reply = answer(world, root)
    publishing.withdraw(world.page, by=world.edda, kind="safety", public_reason="A dose is wrong.")
    assert client.get(thread_of(world, root)).status_code == 404
    assert client.get(further(world)).status_code == 404
    assert client.get(reply.get_absolute_url(), follow=True).status_code == 410
