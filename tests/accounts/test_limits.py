"""Counting uses, and telling clients apart without keeping their addresses."""

import pytest
import time_machine

from accounts import limits


def test_the_limit_holds_and_ends():
    with time_machine.travel("2026-11-23 10:00Z") as clock:
        assert [limits.spend("try", "rita", limit=2, seconds=60) for _ in range(4)] == [True, True, False, False]
        assert limits.spend("try", "nora", limit=2, seconds=60)
        assert limits.spend("other", "rita", limit=2, seconds=60)
        clock.shift(61)
        assert limits.spend("try", "rita", limit=2, seconds=60)


def test_forgiving_starts_anew():
    assert limits.spend("try", "rita", limit=1, seconds=60)
    limits.forgive("try", "rita")
    assert limits.spend("try", "rita", limit=1, seconds=60)


def test_many_at_once_share_one_count(committed_db, race):
    results = race(lambda number: [limits.spend("try", "rita", limit=10, seconds=60) for _ in range(5)], runners=6)
    assert sum(sum(result) for result in results) == 10


@pytest.mark.parametrize(
    ("proxies", "forwarded", "same_as"),
    [
        (0, "203.0.113.9", "192.0.2.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.7, 203.0.113.9", "203.0.113.9"),
        (2, "198.51.100.7, 203.0.113.9", "198.51.100.7"),
        (2, "203.0.113.9", "192.0.2.1"),
        (1, "", "192.0.2.1"),
    ],
)
def test_only_what_our_proxies_say_is_believed(rf, settings, proxies, forwarded, same_as):
    settings.TRUSTED_PROXIES = proxies
    request = rf.get("/", REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR=forwarded)
    settings.TRUSTED_PROXIES, plain = 0, rf.get("/", REMOTE_ADDR=same_as)
    expected = limits.client_of(plain)
    settings.TRUSTED_PROXIES = proxies
    assert limits.client_of(request) == expected


def test_one_ipv6_network_is_one_client(rf):
    one, same, other = (
        limits.client_of(rf.get("/", REMOTE_ADDR=address))
        for address in ("2001:db8:1:2::3", "2001:db8:1:2:9::4", "2001:db8:1:3::3")
    )
    assert one == same != other


def test_names_of_clients_change_every_day_and_hold_no_address(rf):
    request = rf.get("/", REMOTE_ADDR="192.0.2.1")
    with time_machine.travel("2026-11-23 23:59Z") as clock:
        today = limits.client_of(request)
        clock.shift(120)
        assert limits.client_of(request) != today
    assert "192.0.2.1" not in today
