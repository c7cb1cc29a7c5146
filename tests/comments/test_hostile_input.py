"""What no page of ours sends: ids that are none, numbers that are none, NUL. The answer is a 4xx, never an error."""

import pytest
from django.urls import reverse

from comments.models import Comment
from tests.comments.conftest import publish, write

NO_NUMBERS = ["²", "", "-1", "abc", "9" * 30, "1" * 5000]
NO_IDS = ["²", "..", "9" * 300]


@pytest.mark.parametrize("version", NO_NUMBERS)
def test_a_version_that_is_no_number_decides_nothing(world, client, version):
    comment = write(world)
    client.force_login(world.max)
    address = reverse("comments:decide", args=[comment.public_id])
    assert client.post(address, {"decision": "approve", "version": version}).status_code == 409
    client.force_login(comment.author)
    address = reverse("comments:withdraw", args=[comment.public_id])
    assert client.post(address, {"version": version}).status_code == 409
    assert Comment.objects.get().status == "held"


@pytest.mark.parametrize("mark", NO_IDS)
def test_an_id_that_is_none_finds_nothing(world, client, mark):
    publish(world)
    thread = reverse("comments:conversation", args=["articles", world.page.slug])
    assert client.get(thread, {"before": mark}).status_code == 404
    assert client.get(thread, {"from": mark}).status_code == 404
    client.force_login(world.max)
    lane = reverse("comments:lane", args=["first"])
    assert client.get(lane, {"comment": mark}).status_code == 404
    assert client.get(lane, {"after": mark}).status_code == 404
    assert client.get(reverse("comments:mine"), {"before": mark}).status_code == 404
    form = reverse("comments:write", args=["articles", world.page.slug])
    assert client.get(form, {"again": mark}).status_code == 200


def test_head_is_answered_where_get_is(world, client):
    publish(world)
    assert client.head(reverse("comments:conversation", args=["articles", world.page.slug])).status_code == 200
    client.force_login(world.max)
    for name in ("mine", "queue"):
        assert (
            client.head(reverse(f"comments:{name}")).status_code == client.get(reverse(f"comments:{name}")).status_code
        )
