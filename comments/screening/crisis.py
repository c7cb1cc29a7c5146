"""Words of somebody who may be in danger: thoughts, wishes, plans, means and goodbyes, her own or of one she worries about.

What is over, or was somebody else's end, has a label of its own; both go to the crisis lane. Missing one costs more
than a false alarm, so only idioms that are plainly something else are left out.
"""

from collections.abc import Iterable

from .scan import Copy, Scan, Span, any_of, detector, outside

SELF = r"(?:my|him|her|them|our)sel(?:f|ves)"
WHOSE = r"(?:my|his|her|their)"
NOT = r"(?:don't|dont|do not|doesn't|does not|didn't|did not|no longer|never)"
MEDICINES = r"(?:pain ?killers|pills|tablets|capsules|meds|medication|medicines|morphine|opioids|sleeping \w{4,8})"

WORDS = any_of(
    rf"kill(?:ing|s)? ?{SELF}", rf"(?:hang|hanging|shoot|shooting|drown|drowning|poison|poisoning) {SELF}",
    r"unaliv(?:e|ing)", r"suicid(?:e|es|al|ality)", rf"end(?:ing|s)? {WHOSE} (?:own )?(?:life|lives)",
    rf"tak(?:e|es|ing) {WHOSE} own li(?:fe|ves)", r"end(?:ing)? it all",
    r"(?:think|thinking|thought|want|wanted|plan|planning|ready|going)[^.!?\n]{0,20}\b(?:end|ending) it",
    r"(?:want|wants|wanted|wish|wishing|wanting|ready|rather|prefer|like) to die", r"want(?:ed|s)? to be dead",
    r"(?:wish|wished) (?:that )?(?:i|she|he) (?:was|were|had been)(?: already)? dead",
    r"(?:better|rather|up and|to) be dead", r"better off (?:dead|without me)",
    r"(?:better|easier|happier) (?:for \w{1,12} )?(?:without me|if i (?:wasn't|weren't|was gone|were gone|was dead))",
    r"want(?:s)? (?:to be|it to be|me) gone", r"(?:just|want to|by) disappear(?:ing)? for ?ever", r"by disappearing",
    r"(?:no|any|what is the|what's the|see the|little) (?:reason|point|sense|use) (?:in |of "
    r"|for )?(?:to )?(?:living|live|go on|going on|carry on|carrying on|being alive|be alive)",
    rf"{NOT} (?:really |even )?(?:want|wish|wants|care) to (?:be alive|be here|exist|wake up|go on|carry on"
    rf"|be around|keep living)",
    rf"{NOT} (?:really |even )?(?:want|wish|wants|care) to live(?! (?:in|near|on|by|at|off|with|through)\b)",
    r"(?:wish|hope|want|pray|rather|simply)[^.!?\n]{0,30}\b(?:not|never|wouldn't|don't) (?:to )?wake(?: up)?",
    r"(?:cannot|can not|can't|cant) (?:go on|carry on)(?! (?:holiday|vacation|a |an |the |my |to |with (?:it|this"
    r"|the)))", r"(?:cannot|can not|can't|cant) (?:do|take|bear|live like) (?:this|it)? ?any ?more",
    r"to (?:stop|end|be over) for (?:good|ever)", r"want (?:it|this|everything) (?:all )?to be over,",
    r"(?:hurt|harm|burn|starve)(?:s|ing)? (?:my|him|her)self", r"cut(?:s|ting)? (?:my|him|her)self",
    r"self[- ]?harm(?:s|ed|ing)?", r"overdos(?:e|es|ed|ing)",
    rf"(?:take|took|taken|taking|swallow|swallowed)(?: all| a handful| the whole \w{{3,8}}| a whole \w{{3,8}}"
    rf"| too many)(?: of)?(?: my| the| her| his| those)? (?:\w{{1,14}} )?{MEDICINES}(?! (?:as|with|every|home|back"
    rf"|to)\b)", rf"(?:sav|collect|hoard|stockpil|hid|hidd)(?:e|ed|en|ing)(?: up)?(?: all)?(?: my| the| his| her"
    rf"| enough)? (?:\w{{1,14}} )?{MEDICINES}", r"(?:goodbye|farewell|suicide) (?:letters?|notes?|video|message)",
    r"(?:good ?bye|farewell)[^.!?\n]{0,20}\b(?:for ?ever|every(?:one|body)|cruel world|forgive me|to you all)",
    r"this (?:is|will be) my last (?:post|message|comment|words)",
    r"(?:tonight|tomorrow|this weekend) i(?:'ll| will| am going to|'m going to) (?:do|end|finish) it",
    r"i(?:'ll| will| am going to|'m going to|'m gonna) (?:do|end|finish) it (?:tonight|tomorrow|soon|now|myself)",
    r"a plan and a (?:date|day)", r"(?:nothing|no ?one|nobody)(?: left)? to live for",
    r"(?:no|lost (?:the|my|all)) (?:will|strength|energy|courage|wish|desire)(?: left)? to live", r"not worth living",
    r"(?:no|without) (?:hope|future) left",
    r"(?:jump|jumping|throw myself|throwing myself) (?:off|from|in front of|under|out of) (?:the|a|an|my)",
    r"(?:stepping|step|walk|walking) in(?:to| front of) (?:a |the )?(?:traffic|train|lorry|truck|bus)",
    r"driv(?:e|ing) (?:my car |the car )?(?:off (?:the|a) (?:road|bridge|cliff)|into (?:a|the) (?:tree|wall|river"
    r"|lake|bridge))", r"(?:stand|standing|sitting) (?:here )?on (?:the|a) (?:bridge|ledge|railway|tracks|roof)",
    r"do(?:ing)? something (?:stupid |terrible |bad )?to myself",
    r"(?:easiest|painless|quickest|best) way to (?:die|go|kill)", r"nobody (?:needs|would miss) me",
    rf"how many {MEDICINES} (?:it|would it|does it|will it) take",
    rf"count(?:ing)? (?:my|the) {MEDICINES}[^.!?\n]{{0,40}}\bhow many",
    r"tell (?:my|the) [^.!?\n]{3,24} (?:that )?i (?:loved?|am sorry)",
    r"one (?:step|jump|turn|second|move) and (?:it|everything|all)(?: is|'d be| would be| will be|'s) (?:over|gone"
    r"|done|finished)", r"if i (?:was|were) (?:not|no longer|never) (?:in it|here|around|born|there|alive)",
    r"(?:scared|afraid|frightened) of what i(?:'ll| will| might| could| may| am going to) do", r"do to myself",
    r"(?:has|have|got|bought|found|had|keeps?) (?:a|the|his|her|my) (?:loaded )?(?:gun|pistol|rifle|shotgun|rope"
    r"|noose|razor blade)", r"(?:rather|prefer to) not be alive", r"not be alive (?:for|any ?more|tomorrow)",
    r"let me die", r"by my own hand", r"out of life", r"(?:don't|do not|not) feel safe (?:with|around) myself",
    r"(?:thought|thinking|think) (?:about|of) jumping",
    r"(?:nicht mehr leben|mich umbringen|mir das leben nehmen|selbstmord|suizid)",
    r"(?:quiero morir|suicidarme|me tuer|envie de mourir)",
    r"think(?:ing)? (?:about|of) (?:dying|death) (?:all|every|a lot|again)",
    r"(?:just|want to|going to|could) (?:drive|steer|turn) (?:it|the car|my car) (?:into|off)",
    r"would have ended (?:it|things|everything)", r"(?:hope|wish|pray)[^.!?\n]{0,30}\bheart (?:just |simply )?stops",
    r"if i (?:was|were) (?:just |simply )?gone", r"taken? (?:more|too many) (?:tablets|pills)",
    r"(?:wrote|written) (?:my|him|her|them)[^.!?\n]{0,20}\ba letter[^.!?\n]{0,40}\b(?:find it|afterwards"
    r"|when i'm gone|after i)", r"step(?:ping)? off the (?:platform|kerb|edge|roof)",
    r"(?:be gone|go|die|leave) on my own terms",
    r"i (?:already )?know how (?:i'll|i will|i would)? ?(?:do it)?(?=[.!?\n]|$)",
    r"(?:or else|then) i(?:'ll|ll| will) do it", r"hurry up and take me",
    r"(?:ask(?:ed|s|ing)?|look(?:ed|ing)?)[^.!?\n]{0,30}\b(?:shotgun|the gun|rifle)",
    r"(?:dead|death) (?:would be|sounds like|is|seems)[^.!?\n]{0,12}\b(?:a relief|better|easier|peace\w{0,4})",
    r"(?:done|finished) with (?:life|living)", r"(?:don't|do not|no longer) want this life any ?more",
    r"end(?:ing)? my (?:suffering|pain|misery)", r"not (?:come|coming) back(?=[.!?\n]|$)",
    r"(?:don't|do not|never) (?:come out of|survive|wake up from) (?:it|the (?:surgery|operation))",
    r"(?<!\d)(?<!\d )(?<!few )(?<!many )kms",
)  # fmt: skip

# Each alone is ordinary in this community. Two of different kinds in one comment are looked at.
SIGNS = {
    "despair": any_of(
        r"hopeless", r"no hope", r"pointless", r"what'?s the point any ?more",
        r"(?:can't|cannot|don't) see (?:a|any) (?:future|way)", r"no (?:future|way out)", r"a way out", r"trapped",
        r"so low", r"rock bottom", r"dark (?:thoughts|place)", r"voices? in my head", r"(?:hate|loathe) myself",
        r"can't (?:cope|take it) any ?more", r"want out", r"(?:so|feel|am) empty", r"end of my (?:rope|tether)",
        r"don't care any ?more",
    ),
    "burden": any_of(
        r"burden", r"a waste of", r"no use to any(?:one|body)", r"no one would (?:miss|notice)",
        r"nobody would (?:miss|notice|care)", r"(?:worthless|useless) (?:mother|wife|person)",
        r"give it to somebody (?:young|who)",
    ),
    "leaving": any_of(
        r"papers in order", r"affairs in order", r"gave away (?:her|his|my)", r"giv(?:e|ing) away (?:all )?my",
        r"forgives? (?:everyone|everybody|me)", r"not (?:to )?be sad when", r"look after my", r"sorry for everything",
    ),
    "way": any_of(
        r"how to do it", r"so easy", r"looking at (?:the|my) (?:bottle|pills|tablets|knife|bridge)",
        r"bottle of (?:oxycodone|morphine|pills|tablets)", r"without pain", r"by my own hand",
        r"on (?:my|her|his) own terms", r"swallow them(?: all)?", r"(?:thought|thinking|think) (?:about|of) jumping",
        r"hold the wheel", r"rope in my hands?", r"stopped eating and drinking",
    ),
    "end": any_of(
        r"want it finished", r"(?:her|his|my) pain will be over", r"be over by", r"by tomorrow", r"out of life",
        r"soon be (?:done|over)", r"gone by", r"no longer be here", r"won't be here",
        r"think about it all (?:day|the time)",
    ),
}  # fmt: skip

OVER = any_of(
    r"(?:lost|losing)[^.!?\n]{0,40}\bto suicide", r"died (?:by|of|from|through) suicide",
    rf"(?:took|taken) {WHOSE} own li(?:fe|ves)", rf"killed {SELF}", rf"(?:hanged|shot|drowned) {SELF}",
    r"jumped (?:from|off) (?:a|the) (?:bridge|roof|balcony|building)", r"planned my own death", rf"took {WHOSE} life",
    r"committed suicide", r"suicide of", rf"tried to (?:kill|hang|hurt|drown) {SELF}",
    rf"tried to (?:end|take) {WHOSE} (?:own )?life", rf"ended {WHOSE} (?:own )?li(?:fe|ves)", r"suicide attempts?",
    r"attempted suicide", r"(?:took|taken) an overdose",
)  # fmt: skip

# Idioms, medicine and the news. A hit inside one of them is none.
IDIOMS = any_of(
    r"suicide (?:genes?|missions?|inhibitors?|squad|doors)", r"suicide[- ]inducing(?:ly)?",
    r"cells? (?:to )?(?:commit|die by|die of) suicide", r"(?:career|political|social) suicide",
    r"overdos(?:e|es|ed|ing) (?:of|on) (?:radiation|x-?rays?|vitamins?|chocolate|cake|sugar|sun|sunshine"
    r"|information|pink|tea|coffee|news|love|kindness)",
    r"(?:cut|cuts|cutting|hurt|burn) (?:my|him|her)self (?:shaving|while|when|opening|cooking|chopping|peeling"
    r"|slicing|off|some|a|in the|lifting|falling|gardening|on (?:a|the|my|some))",
    r"kill(?:ing|ed)? myself (?:laughing|with laughter|at the gym|with work|trying|over)", r"to die for",
    r"(?:don't|do not|not|didn't|no longer) want(?:ed)? to die",
    r"to die (?:wondering|of (?:laughter|boredom|embarrassment|shame))", r"hang myself (?:a|an|the|up|out)",
)  # fmt: skip

LONG_AGO = any_of(
    r"years? ago", r"months ago", r"decades? ago", r"long ago", r"back then", r"in (?:19|20)\d\d", r"used to",
    r"as a (?:teenager|teen|child|student|kid|young \w{3,6})", r"when i was",
    r"at (?:the age of )?(?:\d\d|sixteen|seventeen|eighteen|nineteen|twenty)",
    r"(?:i|she|he) (?:was|had been|felt) suicidal", r"survived", r"planned my own death",
    r"that was (?:\w{2,8} years|in|\d{4})", r"years since", r"in my (?:teens|twenties|thirties|forties)",
)  # fmt: skip
NOW = any_of(
    r"again",
    r"still",
    r"tonight",
    r"last night",
    r"yesterday",
    r"this (?:morning|week|evening)",
    r"right now",
    r"every day",
)


@detector(version=2)
def crisis(scan: Scan) -> Iterable[tuple[str, list[Span]]]:
    now: list[Span] = []
    over: list[Span] = []
    copy = scan.unmasked
    for place in _hits(copy):
        (over if _is_over(copy, place) else now).append(copy.span(*place))
    if not now and not over:
        now = _signs(copy)
    yield "crisis", now
    # Where somebody is in danger now, what was before is no second reason to look.
    yield "crisis_past", [] if now else over


def _hits(copy: Copy) -> list[Span]:
    idioms = [found.span() for found in IDIOMS.finditer(copy.letters)]
    over = [found.span() for found in OVER.finditer(copy.letters)]
    words = outside((found.span() for found in WORDS.finditer(copy.letters)), over)
    return outside(over + words, idioms)


def _signs(copy: Copy) -> list[Span]:
    kinds = [copy.spans(pattern) for pattern in SIGNS.values()]
    seen = [spans for spans in kinds if spans]
    return [span for spans in seen for span in spans] if len(seen) > 1 else []


def _is_over(copy: Copy, place: Span) -> bool:
    start, end = copy.sentence(*place)
    if NOW.search(copy.letters, start, end):
        return False
    return bool(OVER.match(copy.letters, place[0]) or LONG_AGO.search(copy.letters, start, end))
