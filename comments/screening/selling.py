"""Offers, cures, begging and recruiting, and ways off the site. Names of drugs are ordinary words here and prove nothing."""

import re
from collections.abc import Iterable

from .medicines import MEDICINE, named
from .personal import email_spans
from .scan import Copy, Scan, Span, any_of, detector, outside
from .watched import WATCHED

OFFER = any_of(
    r"(?:no|without(?: an?| any)?) (?:prescription|rx) ?(?:needed|required)?", r"no rx needed",
    r"discreet(?:ly)? (?:shipping|packag\w{2,4}|delivery|shipped)", r"discreet shop", r"without (?:a )?recipe",
    r"(?:low|lower) prices?(?: \w{3,12})? (?:meds|medicines?|medication|drugs|pills)",
    r"(?:second|third|one) (?:box|bottle|pack) (?:for )?free",
    r"(?:free|fast|worldwide|express|overnight|quick) (?:shipping|delivery)", r"we ship", r"ships? worldwide",
    r"buy (?:it |them |yours |some )?(?:here|online|now|direct)",
    r"buy [^.!?\n]{2,30} (?:here|online) (?:at|for|from|with)",
    r"order (?:it |them |yours )?(?:here|now|online|today)(?! (?:if|and ask|from the ward))",
    r"(?:best|lowest|unbeatable|factory) prices?", r"(?:discount|promo|promotion|coupon|voucher) (?:code|price)s?",
    r"half (?:the )?price", r"\d{1,2} ?(?:%|percent|per cent) off", r"money[- ]?back", r"(?:limited|special) offer",
    r"affiliate", r"earn (?:money|cash|gift cards?|\d{1,6})", r"link (?:is )?in (?:my|the) (?:profile|bio)",
    r"(?:in|from|at|to|visit) (?:my|our) (?:web ?)?(?:shop|store|pharmacy)",
    r"(?:i|we) (?:can )?(?:sell|supply|deliver) (?!my (?:house|car|flat))", r"click (?:here|the link|on the link)",
    r"while stocks last", r"book your (?:place|appointment|consultation|treatment)", r"our clinic in",
    r"(?:invest|trade|trading|double your money)[^.!?\n]{0,30}(?:crypto|bitcoin|forex)",
    r"(?:crypto|bitcoin|forex)[^.!?\n]{0,20}(?:invest|profit|returns)",
    r"(?:viagra|cialis|levitra|kamagra)[^.!?\n]{0,30}(?:cheap|price|buy|order|delivery)",
    r"delivered (?:in|within) \d{1,2} (?:days|hours)", r"bulk orders?",
    r"(?:price|cost) per (?:box|bottle|pack|tablet)",
)  # fmt: skip
FOR_SALE = re.compile(r"\bfor sale\b")
OWN_GOODS = any_of(r"house", r"home", r"flat", r"car", r"bike", r"caravan", r"boat", r"garden", r"cottage", r"not")
LEFT_OVER = re.compile(
    r"\b(?:unopened|unused|left ?over|spare|sealed|surplus)\b[^.!?\n]{0,60}\b(?:sale|sell|cheap|price|post|send"
    r"|ship|give away|anyone (?:want|need)|message|dm)\b"
)
CURED = any_of(
    r"(?:miracle|herbal|natural|secret|ancient|holistic) (?:cure|remedy)",
    r"cures? (?:all |any |every )?(?:cancer|tumou?rs?|stage (?:4|four|iv))",
    r"(?:cured|healed) (?:my|me|her|him|his|\w{2,10}'s)(?: \w{2,10})? ?(?:of |from )?(?:cancer|tumou?rs?)",
    r"(?:doctors|pharma|hospitals)[^.!?\n]{0,20}(?:do not|don't|cannot|can't) (?:earn|make|get) (?:any )?money",
    r"(?:doctors|pharma|hospitals|they) (?:hide|hides|do not want you to know|don't want you to know|won't tell you)",
    r"cancer (?:cannot|can't|can not) (?:live|grow|survive)",
)  # fmt: skip
PROMISED = re.compile(
    rf"\b{WATCHED.cures}\b[^.!?\n]{{0,40}}\b(?:cur(?:e|es|ed)|heal(?:s|ed)?|shrinks?|shrank|kill(?:s|ed)?|beats?"
    rf"|clear(?:s|ed)?|dissolv(?:e|es|ed)|draws?|destroy(?:s|ed)?|melts?)\b[^.!?\n]{{0,30}}\b(?:cancer|tumou?rs?"
    rf"|chemo|stage|growth|her2|metastas)"
)
DISPROVED = any_of(
    r"not",
    r"nothing",
    r"never",
    r"no",
    r"didn't",
    r"doesn't",
    r"don't",
    r"nobody",
    r"myth",
    r"claim\w{0,2}",
)
CHEAP = any_of(r"cheap(?:er|est)?", r"discount(?:ed)?", r"wholesale", r"half price", r"original")

CROWDFUNDING = any_of(
    r"go ?fund ?me", r"crowd ?fund(?:ing|er)?", r"just ?giving page", r"fund ?rais(?:er|ing page) for",
    r"my fund ?raiser", r"donate (?:to|here|now|via|at|what)", r"(?:am|are|is|'re|'m) raising (?:money|funds)",
    r"help (?:us|me|her|him|them|my \w{2,10}) (?:to )?pay", r"(?:my|our) (?:paypal|venmo|cash ?app|bank details)",
    r"every (?:pound|dollar|euro|penny|cent|donation) (?:counts|helps)", r"chip in",
)  # fmt: skip
RECRUITING = re.compile(
    r"\b(?:looking for|seeking|recruiting|recruit|searching for|we need|i need)\b[^.!?\n]{0,40}\b(?:patients"
    r"|participants|volunteers|women|people|survivors|respondents|testers)\b"
    r"|\b(?:participants|volunteers|patients|women|survivors) (?:wanted|needed|sought)\b"
    r"|\b(?:fill(?:ing)? (?:in|out)|complete|take part in|answer|join|help with)\b[^.!?\n]{0,12}\b(?:my|our|this"
    r"|a short)\b[^.!?\n]{0,20}\b(?:survey|questionnaire|study|form|interview|focus group|poll)\b"
    r"|\b(?:my|our) (?:\w{2,12} )?(?:survey|questionnaire|dissertation)\b[^.!?\n]{0,40}\b(?:link|minutes|anonymous"
    r"|voucher|fill|take)\b"
    r"|\bpaid (?:focus group|interview|study|survey)\b|\b(?:journalist|reporter|producer|documentary|researcher"
    r"|student)\b[^.!?\n]{0,40}\b(?:interview|speak (?:to|with)|talk (?:to|with)|hear from|seeking|looking for)\b"
)
ASKED_TO_JOIN = re.compile(r"\b(?:i|we|she|he|they|to me|who) (?:have )?$")

# "They will text me" and "nobody called me" are about a clinic; "text me" is a way off the site.
OTHERS = {
    "will", "to", "would", "could", "did", "they", "she", "he", "i", "we", "can't", "cannot", "must", "should",
    "might", "may", "never", "always", "also", "or", "not", "didn't", "don't", "clinic", "nurse", "nurses", "team",
    "doctor", "people", "family", "who", "that", "hospital",
}  # fmt: skip
CALL_ME = re.compile(
    r"(?:(?P<before>[\w']{1,12}) )?\b(?:text|message|(?:e-?)?mail|contact|call|ring|phone|write|write to|ping) me\b"
    r"(?! (?:back )?(?:if|when|the day|crazy|mad|an? |what|old|names))"
)
CONTACT = re.compile(
    r"\b(?:whats ?app|telegram|wechat|viber|snapchat)\b|\b(?:dm|pm|inbox|private message) me\b"
    r"|\b(?:message|write|contact|text) me (?:privately|in private|directly|on|at)\b|\bprivately? messag(?:e|ing)\b"
    r"|\bprivate (?:note|message|chat)s?\b|\bour chat group\b|\bdrop me a (?:line|message|note)\b|\b(?:get|reach"
    r"|catch) me (?:under|at|on|by)\b(?! (?:the|all|my) )|\b(?:add|find|follow|join|hit|reach) me (?:up )?(?:here "
    r"|there )?(?:on|at|in|via)\b|\b(?:talk|chat|move|continue|take) (?:this |it )?(?:on|to|over on|via) (?:signal"
    r"|messenger|facebook|instagram|insta|discord|zoom|e-?mail|skype)\b"
    r"|\bgroup on (?:facebook|fb|discord)\b|\b(?:facebook|fb|insta|instagram|tiktok|youtube|discord) (?:group|page"
    r"|channel|account|profile|handle)\b|\bmy (?:facebook|fb|insta|instagram|tiktok|youtube|discord|snap)\b"
    r"|\bon (?:insta|instagram|tiktok|snap) @|\bsignal me\b"
)

TOP = (
    r"(?:com|org|net|info|io|shop|store|online|site|biz|co\.uk|org\.uk|de|eu|fr|health|care|blog|app|xyz|club|top"
    r"|live|link|ru|ca|au|nl|ch|tv|vip|pro|life)"
)
LINK = re.compile(
    rf"https?://[^\s<>\"]{{1,2000}}|\bwww\.[a-z0-9.-]{{2,253}}|\bwww ?\. ?[a-z0-9-]{{2,63}} ?\. ?[a-z]{{2,6}}\b"
    rf"|(?<![@\w.-])[a-z0-9](?:[a-z0-9-]{{1,62}}\.){{1,3}}{TOP}\b|\b[a-z0-9-]{{2,63}} dot (?:com|org|net|info|shop"
    rf"|uk|de)\b"
)


@detector(version=2)
def selling(scan: Scan) -> Iterable[tuple[str, list[Span]]]:
    yield "selling", _offers(scan)
    yield "crowdfunding", scan.spans(CROWDFUNDING)
    yield (
        "recruiting",
        [
            scan.folded.span(*found.span())
            for found in RECRUITING.finditer(scan.folded.letters)
            if not ASKED_TO_JOIN.search(scan.folded.letters, max(found.start() - 12, 0), found.start())
        ],
    )


@detector(version=2)
def links(scan: Scan) -> Iterable[tuple[str, list[Span]]]:
    emails = email_spans(scan)
    yield "link", outside({*scan.folded.spans(LINK), *scan.spans(LINK)}, emails)
    yield "contact_move", scan.spans(CONTACT) + _calls(scan.unmasked)


def _calls(copy: Copy) -> list[Span]:
    return [
        copy.span(found.end("before") + 1 if found["before"] else found.start(), found.end())
        for found in CALL_ME.finditer(copy.letters)
        if found["before"] not in OTHERS
    ]


def _offers(scan: Scan) -> list[Span]:
    letters = scan.unmasked.letters
    hits = [
        one.span()
        for one in FOR_SALE.finditer(letters)
        if not OWN_GOODS.search(letters, max(one.start() - 24, 0), one.start())
    ]
    hits += [
        one.span()
        for pattern in (CURED, PROMISED)
        for one in pattern.finditer(letters)
        if not DISPROVED.search(letters, max(one.start() - 20, 0), one.end())
    ]
    hits += _cheap_medicine(scan, letters)
    return scan.spans(OFFER) + scan.spans(LEFT_OVER) + [scan.unmasked.span(*hit) for hit in hits]


def _cheap_medicine(scan: Scan, letters: str) -> list[Span]:
    """ "Cheap Ibrance", the two side by side."""
    drugs = dict([*named(letters, scan.drug_names), *(one.span() for one in MEDICINE.finditer(letters))])
    return [
        (one.start(), drugs[one.end() + 1])
        for one in CHEAP.finditer(letters)
        if one.end() + 1 in drugs and (one.group() != "original" or letters.startswith(" from", drugs[one.end() + 1]))
    ]
