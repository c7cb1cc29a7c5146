"""Lines of the page around an article that pasting brings along: consent lines, sharing, comments, advertisements."""

from __future__ import annotations

import re

from articles.document.manuscript.pieces import Piece, ends, heading_like

WEB = (
    r"facebook|twitter|x|instagram|pinterest|linkedin|whatsapp|reddit|youtube|tiktok|threads|bluesky|telegram|messenger|"
    r"flipboard|tumblr|sms|e-?mail|mail|print|copy|link|url|save|share|shares|tweet|pin|post|bookmark|follow|like|us|on|via|"
    r"this|article|page|story|to|and|by|with|a|friend|your|the|it|clipboard|pdf|download|text|message|icon|button|\d+"
)
SHARING = re.compile(rf"(?:(?:{WEB})[\s,|·•/:+.&-]*)+", re.IGNORECASE)
SHARING_START = re.compile(
    r"(?:share|tweet|print|e-?mail|facebook|twitter|instagram|pinterest|linkedin|whatsapp|reddit|copy link|bookmark|"
    r"save|follow|like us|pin it)\b",
    re.IGNORECASE,
)
# Each pattern must fit the whole line. The number is the longest line it may take away.
PATTERNS: tuple[tuple[int, str], ...] = (
    # Consent and newsletter
    (500, r"by (?:\w+ly )?(?:signing up|submitting|subscribing|clicking|checking|ticking|registering|creating an|(?:providing|entering|giving|leaving|adding|sharing) (?:us )?(?:with )?your)"
          r"\b.*\b(?:agree|agreeing|consent|consenting|accept|accepting|acknowledge|opt)\b.*"),
    (500, r"by (?:\w+ly )?\w+ing\b.*\b(?:agree|agreeing|consent|consenting|accept|accepting|acknowledge|opt)\b.*"
          r"\b(?:terms|privacy|polic(?:y|ies)|cookies?|e-?mails?|newsletters?|messages|rules|guidelines)\b.*"),
    (160, r"your (?:privacy|e-?mail(?: address)?) (?:is important to us|will (?:not|never) be)\b.*|\W*(?:required fields|indicates (?:a )?required|fields? marked)\b.*"),
    (80, r"(?:please (?:enter|provide) )?(?:an? )?(?:in)?valid e-?mail\b.*"),
    (500, r".*\b(?:agree|consent|accept|read)\b.*\b(?:privacy (?:policy|notice|statement)|terms (?:of|and) \w+)\b.*"),
    (200, r"(?:.*\b)?(?:see|read|view|review) (?:our|the) (?:privacy|cookie) (?:policy|notice|statement).*"),
    (120, r"(?:our |the )?(?:privacy (?:policy|notice|statement|settings)|terms (?:of|and) (?:use|service|conditions)|terms)"
          r"(?:[\s,|·&]+(?:and )?(?:privacy (?:policy|notice)|terms (?:of|and) (?:use|service|conditions)|cookie \w+|contact|about)\b)*"),
    (120, r"(?:enter|add|type|submit) (?:your )?e-?mail(?: address)?\b.*"),
    (60, r"(?:your )?e-?mail(?: address)?\s*(?:\(required\)|\*)?:?(?: (?:sign up|subscribe|submit|join))?"),
    (160, r"(?:[^.!?]*\? )?(?:sign|signing) up (?:now|here|today|free|below|for (?:free|our|the|updates?|weekly|daily|monthly|more|e-?mails?|news)|to (?:get|receive|hear|our)|and)\b.*"),
    (40, r"(?:yes\W+)?sign(?: me)? ?up|signup|subscribe(?: now| today| here)?|unsubscribe|submit|register(?: now| here| for free)?|continue|become a member"),
    (160, r"(?:get|receive|want) (?:the latest|our latest|updates?|news|(?:free |weekly |daily |monthly )*(?:tips|e-?mails?|stories))\b(?:[^.!?]*\b)?"
          r"(?:news|updates?|stories|tips|information|articles|by e-?mail)\b.*|get the latest (?:on|about|from)\b[^.]*"),
    (160, r"join (?:thousands|millions|hundreds|over|more than|others|\d[\d,]*)\b.*\b(?:get|receive|subscribers|members|community|tips|stories|news|updates)\b.*"),
    (200, r"(?:[^.!?]*\? )?subscribe (?:to|for|and|now|today)\b.*|(?:you can )?unsubscribe (?:at )?any ?time.*"),
    (200, r".*\b(?:in|to|into) your inbox\b.*"),
    (200, r"(?:get|want|join|receive|don.?t miss|never miss|sign|subscribe|try|like|our|free|weekly|daily|monthly|the)\b.*\bnewsletters?\b.*"),
    (60, r"(?:our |free |weekly |daily |e-?mail )*newsletters?(?: sign ?-?up)?"),
    (160, r"(?:never|don.?t) miss (?:an?|our|the|out)\b.*|stay (?:in the (?:loop|know)\b.*|informed|up[- ]to[- ]date)"
          r"|(?:stay (?:informed|connected|up[- ]to[- ]date)|keep up) (?:(?:with|on|about) (?:us|our|the latest)|by)\b.*"),
    (160, r"we (?:will )?(?:never|not|won.?t|do not|don.?t) (?:share|sell|spam)\b.*|last chance to (?:join|sign|register|subscribe)\b.*"),
    (160, r"thank(?:s| you) for (?:your feedback|subscribing|signing up|joining|your interest)\b.*|you(?:.re| are) (?:now )?subscribed.*"),
    (160, r"(?:download|get) (?:our|the) .*\b(?:app|guide|e-?book|checklist|toolkit)\b.*"),
    # Comments
    (200, r"join (?:the|our|this|in the) (?:conversation|discussion|community|forum|mailing list|facebook group|chat)\b.*"),
    (220, r"(?:please |kindly |be sure to |remember to |before (?:posting|commenting|you (?:post|comment|join)),? (?:please )?)*(?:read|review|follow|see|respect|check|observe)"
          r"(?: (?:through|and follow|and respect|and accept))? (?:our|the|these|all)\b.{0,60}\b(?:rules|guidelines|policy|policies|standards|terms|code of conduct)\b.*"),
    (80, r"(?:our |the )?(?:community|comment(?:ing|s)?|posting|forum|house) (?:rules|guidelines|policy|standards)"),
    (120, r"(?:all )?comments? (?:are|is|will be|have been|must be)\b.*"),
    (120, r"(?:please )?(?:log|sign) ?in(?: now)?(?:(?: or|/| / ) ?(?:register|sign up|join|create an account))?(?: (?:to|and) .*)?"),
    (120, r"(?:or )?(?:you must|please|you need to) (?:be )?(?:log(?:ged)?|sign(?:ed)?) ?in\b.*|(?:or )?create an? (?:free )?account\b.*"),
    (600, r".*\b(?:editorial (?:integrity|policy|policies|standards|process|guidelines)|does not (?:recommend|endorse)(?: or \w+)? any|none of this content has been paid for)\b.*"),
    (120, r"be the first to (?:comment|reply|share|like|respond)\b.*|no comments? yet.*"),
    (60, r"(?:add|leave|post|write|submit|view|show|hide|load|see|read|sort)\b.{0,12}\b(?:\d+ )?(?:comments?|repl(?:y|ies)|responses?)\b.{0,20}"),
    (40, r"\(?\d* ?(?:comments?|repl(?:y|ies)|responses?)(?: ?\(\d+\)| ?\d+|:)?"),
    (220, r"(?:share|tell|let|have|what|do|leave|add|how|we|post|got)\b.*\b(?:in (?:the|a|our) (?:comments?|forums?)|comments? (?:section )?below|leave a comment|comment below)\b.*"),
    (140, r"share your (?:story|stories|experiences?|thoughts|tips|journey)\b(?! with your (?:doctor|care|team|nurse|family)).*"),
    (220, r"(?:[^.!?]*\? )*(?:please )?(?:(?:share|tell us|let us know|post|leave)\b[^.?]*\b(?:our|the|this) (?:comments?|community|forums?|discussion|conversation)\b"
          r"|(?:join|start|ask|submit|create|write)\b[^.?]{0,30}\bour (?:comments?|community|forums?|discussion|conversation)\b|(?:share|tell us|let us know)\b[^.?]* (?:below|here)\b"
          r"|(?:tell|share with) us your\b|we (?:want|would love|.d love) to hear\b)(?!.*\b(?:doctors?|nurses?|care team|family)\b).*"),
    (220, r"(?:[^.!?]*\? )+join the (?:conversation|discussion|community)\b.*"),
    (60, r"(?:featured|community) (?:forum|poll|discussion|question|story|stor)(?:s|ies)?|(?:ask|start) (?:a|the|our) (?:question|community|discussion|forum)s?(?: a question)?"),
    # Advertisements
    (160, r"(?:advertisement|advertising|advert|ads?|sponsored|promoted|promotion)(?:(?: content| post| message| by| links?)\b.*)?"
          r"|advert\w*\W+(?:continue|article|story|scroll|skip)\b.*|this is (?:an? )?(?:sponsored|promoted|paid|advert\w*)\b.*|paid (?:advertisement|content|post|partnership)\b.*|paid for by\b.*|ad ?choices|remove ads?|why (?:am i seeing )?this ad\b.*"),
    (160, r"(?:the )?(?:article|story|content|page|text) continues (?:below|after)\b.*|continue reading(?: below)?\b.{0,60}"
          r"|scroll (?:down )?(?:to|for)\b.*|skip (?:to|this|ad|advert\w*|navigation|past)\b.*"),
    # Related links
    (200, r"related(?: (?:articles?|stories|story|content|posts?|reading|topics?|links?|pages?|resources?|videos?|coverage|information))?(?:\s*[:|>»-].*)?"),
    (140, r"(?:watch|listen|video|podcast|webinar|quiz|poll):\s.*|download (?:the )?pdf|powered by \w+"),
    (200, r"(?:see|read|find out|discover|view|watch|show|load|learn) more(?:\s*[:>»→.…].*|\s+\w+ ?[>»→])?"),
    (160, r"(?:read|see|view) (?:more|also|next|now|this next|the full (?:article|story))\b(?: about| on| in| from| stories)?\s*[:>»→].*"),
    (160, r"(?:read|see) (?:more|all|other) (?:articles?|stories|posts?|about|on|in|from)\b[^.!?]*"),
    (140, r"more (?:from|stories|articles|news|posts|like this|on this topic|for you|in this (?:series|section))\b[^.!?]*"),
    (120, r"(?:you (?:may|might|could) (?:also )?(?:like|enjoy|be interested in|want to read)|recommended(?: for you| reading| articles?)?"
          r"|suggested (?:reading|articles?)|up next|next up|read next|(?:next|previous) (?:article|post|story|page)"
          r"|trending(?: now)?|(?:most|more) (?:read|popular|viewed|shared)|popular (?:articles|posts|now|topics)|editor.?s picks?|don.?t miss)\b[^.]*"),
    (120, r"(?:click|tap) (?:here|on|to|below)\b.*"),
    # Cookies
    (500, r"(?:this (?:web)?site|we|our (?:web)?site|our partners)\b.*\bcookies\b.*|(?:accept|reject|allow|decline|manage|cookie)s?(?: all)? ?(?:cookies?|settings|preferences|policy|all)\b.{0,60}"),
    # Navigation
    (60, r"home|menu|search|close|next|previous|back|back to (?:top|home|all .*|.* home)|top of page|return to top|log ?out|skip to (?:main )?content|loading\W*|read aloud"
         r"|table of contents|contents|in this article|on this page|jump to(?: section)?|show (?:all|less|more)|hide|expand(?: all)?|collapse(?: all)?|view all|see all"),
    (60, r"(?:page|slide) \d+(?: ?(?:of|/) ?\d+)?|\d+ ?/ ?\d+|\d+ of \d+"),
    (160, r"(?:©|\(c\)|copyright\b).*|.*\ball rights reserved\b.*"),
    (60, r"(?:about (?:a )?)?\d+[ -]?min(?:ute)?s?\.?[ -](?:to )?read(?:ing)?(?: time)?|(?:estimated )?(?:reading|read) time\b.*"),
    (200, r"(?:tags?|filed under|posted in|categor(?:y|ies)|topics?|keywords?):\s.*"),
    (160, r"(?:was|is|did you find) this (?:page|article|information|content|answer)?.{0,20}helpful\b.*|did this (?:page|article|information|content) (?:help|answer)\b.*|rate this\b.*|how helpful\b.*|helpful\? ?(?:yes|no|\W)*"),
    (20, r"(?:yes|no)(?!\.)|yes\W+no|like|vote|submit|send|thanks!?|ok|got it!?"),
    (30, r"(?:flag|report)(?: (?:this|abuse|comment|post|as inappropriate))*"),
    (120, r"(?:listen to|listen|play|pause|watch)(?: (?:this|the|now|audio|video|article|podcast|episode))*(?: \(?\d+:\d+\)?)?"),
    (160, r"(?:take|try) (?:our|the|this) (?:short |quick )?(?:quiz|poll|survey|assessment)\b.*|take part in (?:our|this) .*|(?:community |quick |reader )?poll"),
    (160, r"follow us\b.*|like us on\b.*|find us on\b.*|connect with us\b.*|visit us on\b.*"),
    (120, r"(?:image|photo|picture|illustration|graphic|video)s?(?: (?:credits?|source|courtesy))?(?: of| by)?:?\s.*"
          r"\b(?:getty|istock|i?stock(?:photo)?|shutterstock|unsplash|adobe stock|pexels|alamy|science photo library)\b.*"),
    (80, r"(?:getty images|istock(?:photo)?|shutterstock|unsplash|adobe stock|pexels)\b.*|.{3,40}/ ?(?:getty(?: images)?|istock(?:photo)?|shutterstock|unsplash|adobe stock)"),
    (140, r"(?:originally |first )?(?:published|posted|created)(?: on| at|:)? .{0,20}\b(?:19|20)\d\d\b.{0,20}"),
    (300, r"(?:editor.?s.? note\W+this (?:article|page|post|story|content|piece) (?:was|has been) (?:first |originally |last )?(?:published|posted|updated|written|revised)"
          r"|this (?:article|page|post|story|piece) (?:was|has been) (?:first |originally )(?:published|posted|written))\b.*"),
    (30, r"editor.?s.? note"),
    (400, r"(?:editor.?s.? note\W+)?(?:(?:the|this|all|our|any) )?(?:\w+ (?:on|in|from|of) )?(?:this |our |the )?(?:web ?site|site|article|page|content|information|material|disclaimer)\b.*"
          r"\b(?:not|never) (?:[\w-]+ ){0,8}(?:medical|professional) (?:advice|judge?ment)\b.*"),
    (300, r"this article represents the (?:opinions?|views?)\b.*|(?:the )?(?:opinions|views) expressed\b.*|none of the content\b.*\bpaid\b.*"),
    (120, r"(?:view|show|hide|see|expand) (?:all |the )?(?:\d+ )?(?:references|sources|citations)(?: \(\d+\))?"),
)  # fmt: skip
COMPILED = tuple((limit, re.compile(f"(?:{pattern})\\W*", re.IGNORECASE)) for limit, pattern in PATTERNS)
LINK_LIST = re.compile(
    r"(?:related|more (?:from|stories|articles|on this)|recommended|you (?:may|might) (?:also )?|trending|most (?:read|popular)"
    r"|popular|read next|up next|suggested|editor.?s picks?)\b",
    re.IGNORECASE,
)
CONTENTS = re.compile(
    r"(?:table of contents|contents|in this article|on this page|jump to(?: section)?)\W*", re.IGNORECASE
)
COMMENT_HEAD = re.compile(
    r"(?:\d+ )?(?:comments?|repl(?:y|ies)|responses?)(?: ?\(\d+\))?\W*|join (?:the|our) (?:conversation|discussion).*"
    r"|leave a (?:comment|reply).*",
    re.IGNORECASE,
)
COMMENT_SIGN = re.compile(
    r"(?:\b(?:\d+|a|an) (?:second|minute|hour|day|week|month|year)s? ago\b|^(?:reply|report|like|flag|edited)(?: \(?\d+\)?)?$"
    r"|\bsays:$|\bwrote:$|\breplied:?$)",
    re.IGNORECASE | re.MULTILINE,
)


def is_furniture(line: str) -> bool:
    """Whether a whole line belongs to the page around the article."""
    if len(line) <= 200 and SHARING_START.match(line) and SHARING.fullmatch(line):
        return True
    return any(len(line) <= limit and pattern.fullmatch(line) for limit, pattern in COMPILED)


def is_breadcrumb(line: str) -> bool:
    """ "Home > Conditions > Asthma" """
    return len(line) <= 160 and bool(
        re.fullmatch(r"[^.>»›/]{2,40}(?:\s*[>»›]\s*|\s+/\s+)(?:[^.>»›/]{2,60}(?:\s*[>»›]\s*|\s+/\s+|\Z))+", line)
    )


def _chunks(pieces: list[Piece]) -> list[list[int]]:
    """The places of lines that stand together without a gap."""
    chunks: list[list[int]] = []
    for place, piece in enumerate(pieces):
        joins = chunks and not piece.gap and piece.kind == "text" and pieces[place - 1].kind == "text"
        if joins:
            chunks[-1].append(place)
        else:
            chunks.append([place])
    return chunks


def _lists_of_links(pieces: list[Piece], gone: set[int]) -> set[int]:
    """What hangs below a dropped "Related articles" or "In this article": the titles it lists."""
    more: set[int] = set()
    headings = {
        piece.line.lower() for piece in pieces if piece.kind in ("heading", "text") and heading_like(piece.line)
    }
    for place in sorted(gone):
        line = pieces[place].line
        contents = bool(CONTENTS.fullmatch(line))
        if not contents and not (LINK_LIST.match(line) and len(line) < 50 and not re.search(r":\s*\w", line)):
            continue
        before = next((pieces[other] for other in range(place - 1, -1, -1) if other not in gone), None)
        for other in range(place + 1, len(pieces)):
            piece = pieces[other]
            if other in gone:
                break
            same_list = (
                before is not None
                and before.kind == "item"
                and (before.glyph, before.indent) == (piece.glyph, piece.indent)
            )
            listed = piece.kind == "item" and not ends(piece.line) and not same_list
            if contents:
                rest = {later.line.lower() for later in pieces[other + 1 :] if later.kind in ("text", "heading")}
                listed = (piece.kind == "item" and piece.line.lower() in headings) or (
                    piece.kind == "text" and piece.line.lower() in rest
                )
            elif piece.kind == "text" and not piece.gap:
                listed = heading_like(piece.line)
            if not listed:
                break
            more.add(other)
    return more


POLL = re.compile(r"(?:\w+ )?poll\b.*", re.IGNORECASE)


def _questions(pieces: list[Piece], gone: set[int]) -> set[int]:
    """The question of a poll, between its dropped name and its dropped answers."""
    return {
        place + 1
        for place in gone
        if place + 2 in gone and POLL.fullmatch(pieces[place].line) and pieces[place + 1].line.endswith("?")
    }


def _comments(pieces: list[Piece], gone: set[int]) -> set[int]:
    """Readers' comments pasted along under their heading: recognised by "2 days ago" and "Reply"."""
    for place in sorted(gone):
        if not COMMENT_HEAD.fullmatch(pieces[place].line):
            continue
        rest = range(place + 1, len(pieces))
        lines = "\n".join(pieces[other].line for other in rest)
        before = sum(len(piece.line) for piece in pieces[:place])
        if len(COMMENT_SIGN.findall(lines)) >= 2 and before > len(lines):
            stop = next((other for other in rest if is_reference_heading(pieces[other].line)), len(pieces))
            return set(range(place + 1, stop))
    return set()


REFERENCE_HEADING = re.compile(
    r"(?:(?:article |our |key |medical |selected |cited |full |list of )?(?:references?|sources?|bibliography|citations?)"
    r"(?: list| cited| and sources| (?:and|&) (?:references|further reading|resources))?|works cited|footnotes|endnotes|literature(?: cited)?"
    r"|reference list)(?: \(\d+\))?\s*:?",
    re.IGNORECASE,
)


def is_reference_heading(line: str) -> bool:
    return bool(REFERENCE_HEADING.fullmatch(line))


def drop(pieces: list[Piece]) -> tuple[list[Piece], list[str]]:
    """The pieces without the furniture, and the lines taken out. What follows a gap so made is marked."""
    gone: set[int] = {place for place, piece in enumerate(pieces) if piece.furniture}
    if sum(len(pieces[place].line) for place in gone) * 2 > sum(len(piece.line) for piece in pieces):
        gone = set()
    for place, piece in enumerate(pieces):
        if (
            piece.kind in ("text", "heading")
            and is_furniture(piece.line)
            and not is_reference_heading(piece.line)
            or piece.kind == "item"
            and SHARING.fullmatch(piece.line)
            and SHARING_START.match(piece.line)
        ):
            gone.add(place)
    for chunk in _chunks(pieces):
        line = " ".join(pieces[place].line for place in chunk)
        if len(chunk) > 1 and not gone.issuperset(chunk) and is_furniture(line):
            gone.update(chunk)
    gone |= _lists_of_links(pieces, gone)
    gone |= _questions(pieces, gone) | _comments(pieces, gone)
    kept: list[Piece] = []
    after = False
    for place, piece in enumerate(pieces):
        if place in gone:
            after = True
            continue
        piece.after_furniture = after
        piece.gap = piece.gap or after
        kept.append(piece)
        after = False
    return kept, _lines(pieces, gone)


def _lines(pieces: list[Piece], gone: set[int]) -> list[str]:
    """The dropped lines as they stood; lines of one wrapped sentence as one."""
    lines: list[str] = []
    for chunk in _chunks(pieces):
        dropped = [place for place in chunk if place in gone]
        for place in dropped:
            line = pieces[place].line
            last = pieces[place - 1].line if place - 1 in dropped else ""
            if lines and last and not ends(last) and (line[:1].islower() or len(last) >= 50):
                lines[-1] += f" {line}"
            else:
                lines.append(line)
    return [line for line in lines if line]
