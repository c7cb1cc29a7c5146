"""Several application processes at once, as in production: one comment for one form, and nothing lost or locked out."""

import json
from concurrent.futures import ThreadPoolExecutor

from accounts import policies
from comments import counting
from comments.models import Comment, Conversation, QueueItem
from tests import cast as actors
from tests.comments.conftest import a_world

PROCESSES = 4
THREADS = 8

# What runs in each process: all wait for each other at a folder of files, then everybody presses at once.
PRESS = """
import json, sys, threading, time
from pathlib import Path
from django.db import connection, connections
from accounts.models import User
from articles.models import Page
from comments import rules
from comments.workflow import posting

folder, number = Path({folder!r}), {number}
page, version = Page.objects.get(), rules.current()
rita = User.objects.get(handle="rita")
writers = list(User.objects.filter(handle__startswith="writer").order_by("pk"))[number * 2 : number * 2 + 2]
said = []
together = threading.Barrier({threads} + 2)

def press(by, words, tokens):
    try:
        connection.ensure_connection()
        together.wait(timeout=60)
        for token in tokens:
            made = posting.post(page, by=by, text=words, token=token, rules_version=version)
            said.append(made.pk)
    except Exception as error:
        said.append(repr(error))
    finally:
        connections.close_all()

jobs = [(rita, "Once.", ["one"])] * {threads} + [(one, "Mine.", ["a", "b", "c"]) for one in writers]
threads = [threading.Thread(target=press, args=job) for job in jobs]
(folder / str(number)).touch()
end = time.monotonic() + 60
while len(list(folder.iterdir())) < {processes} and time.monotonic() < end:
    time.sleep(0.01)
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(json.dumps(said))
"""


# edge case 40
def test_a_form_pressed_in_every_process_is_one_comment_and_eight_writers_lose_nothing(manage, tmp_path):
    world = a_world()
    for number in range(PROCESSES * 2):
        policies.accept(actors.person(f"writer{number}"), world.rules)

    def run(number: int):
        code = PRESS.format(folder=str(tmp_path), number=number, threads=THREADS, processes=PROCESSES)
        return manage("shell", "--no-imports", "-c", code)

    with ThreadPoolExecutor(PROCESSES) as pool:
        ran = list(pool.map(run, range(PROCESSES)))
    assert [one.returncode for one in ran] == [0] * PROCESSES, [one.stderr for one in ran]
    said = [result for one in ran for result in json.loads(one.stdout.splitlines()[-1])]
    assert [result for result in said if isinstance(result, str)] == []
    once = Comment.objects.get(author=world.rita)
    assert said.count(once.pk) == PROCESSES * THREADS
    assert Comment.objects.count() == 1 + PROCESSES * 2 * 3
    assert QueueItem.objects.filter(comment=once).count() == 1
    assert Conversation.objects.get().live_count == 0
    assert counting.drifts() == []
