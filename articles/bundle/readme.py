"""README.txt of a bundle: what each file is, how to check it by hand, and what nobody can see from it."""

from ..models import Publication, SignOff
from . import layout

TEXT = """\
{title}
{rule}

This file and its neighbours are one page of {site} and the evidence of its medical
review: publication {number} of the {kind} “{slug}”, in the form “{format}”.
Its fingerprint is

    {content_hash}

Signed by
{signers}

WHAT EACH FILE IS

manifest.json          The exact text that was signed: every word, number, source, picture and name
                       inside the reviewed part of the page. Do not open and save it: one changed
                       blank changes its fingerprint.
vouched-manifest.json  Only where the page differs by spelling or layout from the text that was
                       medically reviewed: that text.
artefact.html          What readers get, made from manifest.json.
images/                The pictures. The name of each is its SHA-256.
references.json        The sources as they were cited, and how each stood at export.
signoffs.json          The signatures: who, when, the statement in full, conflicts of interest, how the
                       person proved who they are, and the credential with its dates.
revocations.json       Signatures that had been taken back at export.
reviews.json           The review cycles, and policies.json which signatures they had to have.
revisions.json         When the text was frozen, by whom, and whose hands were in it (as numbers).
publication.json       When it went public, with which dates, whether it was live at export, and its
                       withdrawal if there was one.
audit.json             The entries of the publisher's log about all of these, and the log's newest entry
                       at export (the head).
SHA256SUMS             The SHA-256 of every file here.

HOW TO CHECK IT WITH A PROGRAM

With Bedside installed, no database and no network:

    DEMO=1 python manage.py verify --bundle page.zip

It recomputes all that follows and more, and names the first thing that does not hold.

HOW TO CHECK IT BY HAND

Unpack the bundle and go into its folder. You need sha256sum, and Python 3 for the last two steps.

1. Nothing was damaged on the way:

    sha256sum -c SHA256SUMS

2. The text is the signed one. These must show the same 64 letters and digits:

    sha256sum manifest.json
    grep -E '"(content|vouched)_hash"' publication.json signoffs.json

   (Where there is a vouched-manifest.json, medical signatures name that file's fingerprint.)

3. The page is the published one:

    sha256sum artefact.html
    grep '"artefact_hash"' publication.json
    grep -o 'data-signed="[^"]*"' artefact.html

4. Each entry of the log is whole. It must say True for each:

    python3 - <<'END'
    import hashlib, json
    for entry in json.load(open("audit.json", encoding="utf-8"))["entries"]:
        names = "seq prev_hash at actor verb object_type object_id payload".split()
        line = "\\x1f".join("" if entry[name] is None else str(entry[name]) for name in names)
        print("entry", entry["seq"], hashlib.sha256(line.encode()).hexdigest() == entry["hash"])
    END

5. Each row is the one that the log sealed when it was made. Again:

    python3 - <<'END'
    import hashlib, json
    def text(name):
        return open(name, encoding="utf-8", newline="").read()
    def read(name):
        return json.loads(text(name))
    rows = [("signoff", one["row"]) for one in read("signoffs.json")]
    rows += [("revocation", row) for row in read("revocations.json")]
    rows += [("revision", {{**one["row"], "content": text(one["content"])}}) for one in read("revisions.json")]
    rows += [("publication", {{**read("publication.json")["row"], "artefact": text("artefact.html")}})]
    for kind, row in rows:
        exact = json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        seal = "s1:" + hashlib.sha256(exact.encode()).hexdigest()
        log = read("audit.json")["entries"]
        own = [one for one in log if (one["object_type"], one["object_id"]) == ("articles." + kind, str(row["id"]))]
        print(kind, row["id"], [json.loads(one["payload"]).get("seal") for one in own] == [seal])
    END

WHAT YOU CANNOT SEE FROM HERE

- That the log is complete. Each entry names the hash of the one before it, but only the entries about
  this page are here. Write down the head, {head}, and
  ask the publisher to run "verify --head" with it on a later day: then nothing that stood in the
  log at export can have been changed or taken out without showing.
- That nothing happened since. A signature may have been taken back, a source retracted or the page
  withdrawn after the export. The page itself says how it stands now.
- Who the people are. The names were printed on the day of signing; that a person held the credential was
  checked by the publisher, and is its word. So are the names of boards, issuers of credentials and the
  standing of sources: nothing in the log covers them. Where a page shows a board, signoffs.json still
  names the member who signed.
- That the publisher did not make up all of it together. A bundle shows that its parts fit each other. Two
  bundles from different days, a head that somebody else wrote down, or a passkey's signature (in
  signoffs.json, under auth_evidence) cannot be made to fit afterwards.
"""


def readme(publication: Publication, signed: list[SignOff], site: str, head: str) -> str:
    """The words for this bundle."""
    signers = [f"  {_name(one)} ({one.step.code}), {one.signed_at:%Y-%m-%d %H:%M} UTC" for one in signed]
    return TEXT.format(
        title=publication.title,
        rule="=" * len(publication.title),
        site=site,
        number=publication.number,
        kind=publication.page.kind,
        slug=publication.page.slug,
        format=layout.FORMAT,
        content_hash=publication.content_hash,
        signers="\n".join(signers),
        head=head,
    )


def _name(sign_off: SignOff) -> str:
    name = ", ".join(filter(None, [sign_off.printed_name, sign_off.printed_credentials]))
    return sign_off.board.name if sign_off.board else name
