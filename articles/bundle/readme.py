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

You need sha256sum, and jq for the last two. Unpack the bundle, go into its folder.

1. Nothing was damaged on the way:

    sha256sum -c SHA256SUMS

2. The text is the signed one. These must show the same 64 letters and digits:

    sha256sum manifest.json
    jq -r '.row.content_hash' publication.json
    jq -r '.[].row | .content_hash + "  " + .printed_name' signoffs.json

   (Where there is a vouched-manifest.json, medical signatures name that file's fingerprint.)

3. The page is the published one:

    sha256sum artefact.html
    jq -r '.row.artefact_hash' publication.json
    grep -o 'data-signed="[^"]*"' artefact.html

4. An entry of the log is whole. The two columns must be equal, line by line:

    jq -c '.entries[]' audit.json | while read -r entry; do
      printf '%s' "$entry" | jq -j '[.seq, .prev_hash, .at, (.actor // ""), .verb, .object_type,
        .object_id, .payload] | map(tostring) | join("\\u001f")' | sha256sum | cut -c1-64
      printf '%s' "$entry" | jq -r '.hash'
    done

5. A row is the one that the log sealed. For the first signature:

    jq -cjS '.[0].row' signoffs.json | sha256sum
    jq -r '.entries[] | select(.object_type == "articles.signoff") | .payload | fromjson | .seal' audit.json

   For the publication and the revision, whose long texts are files of their own:

    jq -cjS --rawfile text artefact.html '.row + {{artefact: $text}}' publication.json | sha256sum
    jq -cjS --rawfile text manifest.json 'first(.[] | select(.content == "manifest.json")).row
      + {{content: $text}}' revisions.json | sha256sum

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
