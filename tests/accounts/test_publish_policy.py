"""New words in force from the command line."""

import json

import pytest
from django.core.management import CommandError, call_command

from accounts import policies
from accounts.models import PolicyVersion
from tests import cast

pytestmark = pytest.mark.django_db

RULES = {
    "title": "Community rules",
    "clauses": [{"code": "kind", "title": "Be kind", "text": "Write as you would speak."}],
}


@pytest.fixture
def run(tmp_path):
    def publish(kind: str, words, *more: str) -> None:
        file = tmp_path / "words.json"
        file.write_text(words if isinstance(words, str) else json.dumps(words))
        call_command("publish_policy", kind, str(file), *more)

    return publish


def test_each_run_is_a_new_version_in_force(run, capsys):
    run("rules", RULES)
    run("rules", RULES | {"changes": "Nothing but a comma."})
    newest = policies.current("rules")
    assert (newest.number, newest.changes, newest.clauses.get().code) == (2, "Nothing but a comma.", "kind")
    assert newest.published_by.is_machine


def test_it_names_the_administrator(run):
    ada = cast.person("ada", "administrator")
    run("terms", {"title": "Terms", "text": "## One\nBe fair."}, "--by", "Ada@example.org")
    assert policies.current("terms").published_by == ada


@pytest.mark.parametrize(
    ("kind", "words", "sentence"),
    [
        ("rules", {"title": "Rules"}, "need clauses"),
        ("terms", {}, "at least a title"),
        ("terms", "no json", "cannot be read"),
        ("terms", {"title": "T", "colour": "red"}, "unknown"),
        ("rules", {"title": "R", "clauses": [{"code": "x"}]}, "each clause"),
    ],
)
def test_what_is_wrong_with_the_file_is_said_and_nothing_written(run, kind, words, sentence):
    with pytest.raises(CommandError, match=sentence):
        run(kind, words)
    assert not PolicyVersion.objects.exists()


def test_only_administrators_are_named(run):
    cast.person("rita")
    with pytest.raises(CommandError, match="Only an administrator"):
        run("terms", {"title": "Terms"}, "--by", "rita@example.org")
    with pytest.raises(CommandError, match="Nobody"):
        run("terms", {"title": "Terms"}, "--by", "stranger@example.org")
