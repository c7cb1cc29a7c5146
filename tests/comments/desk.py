"""What moderators do over HTTP, for the tests of the desk."""

import html
import re

from django.test import Client
from django.urls import reverse


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def open_card(client, comment, lane="first", **query) -> str:
    return client.get(reverse("comments:lane", args=[lane]), {"comment": comment.public_id, **query}).text


def press(client, comment, decision, *, version=None, lane="first", **fields):
    address = reverse("comments:decide", args=[comment.public_id])
    return client.post(address, {"decision": decision, "version": version or comment.version, "lane": lane, **fields})


def plain(page: str) -> str:
    """What a reader sees of a page, in one line."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))
