"""What machines are told about comments: live ones only, harmless in a page, from rows that were read anyway."""

import json
import re
from datetime import timedelta

from django.db import connection
from django.template import Context, Template
from django.test import Client
from django.test.utils import CaptureQueriesContext

from comments import linked_data, thread
from comments.models import Comment, Conversation
from comments.workflow import deciding, posting
from tests.comments.conftest import publish, turn_down, write

BLOCK = re.compile(r'(?s)<script type="application/ld\+json">(.*?)</script>')


def blocks(world, address: str = "", **options) -> list[dict]:
    page = Client().get(address or world.page.get_absolute_url(), **options)
    assert page.status_code == 200
    return [json.loads(block) for block in BLOCK.findall(page.text)]


def comments(world, address: str = "") -> list[dict]:
    found = [block for block in blocks(world, address) if "comment" in block]
    assert len(found) <= 1
    return found[0]["comment"] if found else []


def reply(world, to: Comment) -> Comment:
    made = posting.post(world.page, by=world.nora, text="An answer.", token="r", rules_version=world.rules, reply_to=to)
    deciding.approve(made, by=world.max, version=made.version)
    return made


class TestWhatIsSaid:
    def test_each_comment_with_its_author_date_words_and_address(self, world):
        comment = publish(world, text='Line one.\n\nLine "two" & three.')
        comment.refresh_from_db()
        (described,) = comments(world)
        address = f"http://testserver{comment.get_absolute_url()}"
        assert described == {
            "@type": "Comment",
            "@id": address,
            "url": address,
            "text": 'Line one.\n\nLine "two" & three.',
            "author": {"@type": "Person", "name": world.rita.handle},
            "dateCreated": comment.published_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "upvoteCount": 0,
        }

    def test_they_hang_on_the_article_by_its_id(self, world):
        publish(world)
        ids = {block["@id"] for block in blocks(world)}
        assert ids == {f"http://testserver{world.page.get_absolute_url()}"}
        assert len(blocks(world)) == 2

    def test_an_answer_names_what_it_answers(self, world):
        first = publish(world)
        second = reply(world, first)
        rows = list(Comment.objects.live().select_related("author", "current").order_by("pk"))
        described = linked_data.comments_of(world.page, rows)["comment"]
        assert described[1]["@id"].endswith(f"/comments/{second.public_id}/")
        assert described[1]["parentItem"] == {"@type": "Comment", "@id": described[0]["@id"]}
        assert "parentItem" not in described[0]
        assert "parentItem" not in linked_data.comments_of(world.page, rows[1:])["comment"][0]

    def test_an_edit_and_helpful_marks_are_told(self, world, clock):
        publish(world)
        Conversation.objects.update(mode="open")
        comment = write(world, text="As first written.")
        clock.shift(timedelta(minutes=5))
        posting.edit(comment, by=world.rita, text="As it is now.", version=comment.version, rules_version=world.rules)
        Comment.objects.filter(pk=comment.pk).update(helpful_count=3)
        row = Comment.objects.select_related("author", "current").get(pk=comment.pk)
        (described,) = linked_data.comments_of(world.page, [row])["comment"]
        assert described["dateModified"] > described["dateCreated"]
        assert described["upvoteCount"] == 3

    def test_further_pages_say_it_of_what_they_show(self, world, monkeypatch):
        monkeypatch.setattr(thread, "PAGE_SIZE", 1)
        older, newer = publish(world, text="Older."), publish(world, text="Newer.")
        again = f"{world.page.get_absolute_url()}conversation/?after={newer.public_id}"
        assert [one["text"] for one in comments(world)] == ["Newer."]
        assert [one["text"] for one in comments(world, again)] == ["Older."]
        assert older.public_id != newer.public_id


class TestWhatIsNotSaid:
    # edge cases 13 and 37
    def test_nothing_of_what_readers_may_not_see(self, world):
        parent = publish(world, text="secret parent")
        parent.refresh_from_db()
        reply(world, parent)
        write(world, text="secret held")
        turn_down(world, write(world, text="secret rejected"))
        parent.refresh_from_db()
        turn_down(world, parent)
        client = Client()
        client.force_login(world.rita)
        for reader in (Client(), client):
            told = "".join(BLOCK.findall(reader.get(world.page.get_absolute_url()).text))
            assert "secret" not in told
            assert "rita" not in told
        every_row = Comment.objects.select_related("author", "current")
        assert [one["text"] for one in linked_data.comments_of(world.page, every_row)["comment"]] == ["An answer."]

    def test_without_a_live_comment_there_is_no_block(self, world):
        write(world)
        assert len(blocks(world)) == 1
        assert linked_data.comments_of(world.page, []) == {}

    def test_words_cannot_end_the_element(self, world):
        attack = "</script><script>alert(1)</script><!-- <script> \u2028 & ]]>"
        publish(world, text=attack)
        page = Client().get(world.page.get_absolute_url()).text
        assert "<script>alert(1)" not in page
        assert [one["text"] for one in comments(world)] == [attack]


def test_it_asks_the_database_nothing(world):
    for number in range(3):
        publish(world, text=f"Comment {number}.", by=world.nora if number else world.rita)
    found = Conversation.objects.get(page=world.page)
    rows = thread.first(thread.roots(found), thread.ORDERS[thread.Sort.NEWEST]).comments
    with CaptureQueriesContext(connection) as asked:
        made = Template("{% load machines %}{% linked_comments page rows %}").render(
            Context({"page": world.page, "rows": rows})
        )
    assert len(asked) == 0
    assert made.count('"@type":"Comment"') == 3
