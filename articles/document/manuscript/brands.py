"""Drug names in a manuscript: "Brand® (generic)", "generic (Brand®)" and brands alone, as suggestions to confirm."""

from __future__ import annotations

import re

from articles.document.tree import Node, blocks, inline_text, runs

MARK = r"\s?(®|™|\((?:R|r|TM|tm)\))"
WORD = r"[A-Z][A-Za-z0-9]*(?:[-‑’'][A-Za-z0-9]+)*"  # noqa: RUF001
BRAND = rf"(?P<brand>{WORD}(?:\s{WORD}){{0,2}}){MARK}"
# The endings that the lists of non-proprietary names give to classes of substances.
STEM = (
    r"(?:mab|nib|ciclib|parib|lisib|rafenib|sertib|limus|lukast|sone|sonide|solone|olol|dipine|pril|sartan|statin|gliptin|gliflozin|glutide|natide|glitazone"
    r"|triptan|gepant|ditan|setron|prazole|conazole|azole|cillin|mycin|micin|floxacin|cycline|vir|virine|terol|tropium|clidinium|formin|platin|taxel|rubicin|cept|kinra"
    r"|tide|relin|relix|relix|stim|poetin|grastim|parin|xaban|gatran|grel|dronate|dronic|fenac|profen|oxicam|coxib|caine|pam|lam|zepam|barbital|oxetine"
    r"|pramine|triptyline|idone|piprazole|apine|peridol|tidine|zosin|astine|adine|triptorelin|estrant|oxifene|oxifen|mustine|trexate|citabine|tecan|bicin|zolid"
    r"|tinib|degib|clax|domide|zomib|stat|metinib|siran|rsen|leucel|vec|gene|cog|ase|insulin|glargine|lispro|aspart|degludec|detemir|toin|bamate|giline"
    r"|dopa|capone|racetam|gabalin|triptan|phylline|mide|thiazide|semide|actone|tolvaptan|vaptan|butamol|uterol|tamol|xaban|fungin|quine|trexed|exed|lone|one|ine|ol|ide|ate|im|in)"
)
STRONG_STEM = STEM.removesuffix("|lone|one|ine|ol|ide|ate|im|in)").removesuffix("|mide|thiazide|semide|actone") + ")"
SALT = (
    r"(?:emtansine|deruxtecan|vedotin|govitecan|mafodotin|tesirine|soravtansine|ozogamicin|furoate|propionate|fumarate|mesylate|tosylate|malate|maleate|succinate"
    r"|tartrate|citrate|sulfate|sulphate|phosphate|acetate|hydrochloride|hydrobromide|sodium|potassium|calcium|bromide|dipropionate|medoxomil|xinafoate|valerate"
    r"|glargine|lispro|aspart|degludec|detemir|glulisine|besylate|bitartrate|carbonate|chloride|nitrate|etexilate|alafenamide|disoproxil|pivoxil|mofetil|dimesylate|ditosylate|hyaluronidase|pegol|autotemcel|tromethamine|H[Cc]l|HBr)"
)
NO_DRUG = {
    "see", "also", "such", "which", "this", "that", "these", "those", "the", "and", "or", "a", "an", "for", "with", "used", "taken", "given", "sold", "formerly",
    "brand", "name", "generic", "not", "in", "is", "are", "was", "as", "by", "from", "to", "of", "if", "when", "up", "one", "two", "new", "once", "twice", "daily",
    "weekly", "monthly", "injection", "injections", "tablet", "tablets", "pill", "pills", "capsule", "capsules", "inhaler", "spray", "nasal", "infusion", "oral", "iv",
    "shot", "shots", "pen", "patch", "cream", "gel", "ointment", "eye", "drops", "subcutaneous", "intravenous", "more", "most", "some", "other", "available", "approved",
    "discontinued", "test", "device", "only", "both", "usually", "often", "under", "below", "above", "now", "it", "its", "they", "their", "who", "has", "have", "can", "may",
}  # fmt: skip
LEAD_IN = re.compile(
    r"(?:(?:also )?(?:known|sold|marketed|called)(?: generically)? as|generic(?:ally)?(?: name| known as)?:?|generic name is|the generic(?: name)?(?: for| of)?|brand names?:?|"
    r"sold under the brand names?|e\.g\.,?|such as|like|including|brand|as)\s+",
    re.IGNORECASE,
)
NAME = r"(?:(?:\d|[LDN])-)?[a-z][a-z0-9]*(?:[-‑/][a-z0-9]+)*(?:(?<=toxin)[AB])?"  # noqa: RUF001
JOINT = r"(?:,? and |, | plus |\s?\+\s?|\s?/\s?)"
GENERIC = re.compile(rf"{NAME}(?:(?:{JOINT}|\s)(?:{NAME}|H[Cc]l|HBr)){{0,7}}")
# "cenobamate tablets", "levodopa inhalation powder": how it is taken is no part of the name.
FORM = (
    r"(?:(?:oral|nasal|topical|ophthalmic|inhalation|subcutaneous|intravenous|extended[- ]release|delayed[- ]release|transdermal) )*"
    r"(?:injections?|tablets?|capsules?|pills?|powder|solution|suspension|spray|cream|gel|ointment|foam|lotion|patch(?:es)?|inhaler|infusion|implant|film|drops|pen|shots?)"
)
INN = re.compile(
    rf"(?:[a-z]{{2,5}}-)?[a-z]{{2,}}{STRONG_STEM}(?:-[a-z]{{4}})?(?:\s{SALT}(?:-[a-z]{{4}})?)?|[a-z]{{4,}}-[a-z]{{4}}|[a-z]{{4,}}\s{SALT}(?:-[a-z]{{4}})?"
)
# What may follow a name in its parenthesis: ", or TDF", " or ide-cel", " tablets".
ALSO_CALLED = re.compile(rf"(?:,| or) (?:or )?(?:[A-Z][A-Z0-9/-]+|[a-z]{{2,6}}-[a-z]{{2,6}})\Z|\s{FORM}\Z")
# Beside a mark, weaker endings do: "hydroxyurea (Siklos®)"; but not those of plain words and of classes of drugs.
LOOSE_INN = re.compile(rf"[a-z]{{3,}}(?:{STEM}|il|ea|en|rin|gon|um|ium)(?:\s{SALT})?|lithium|insulin|aspirin")
NO_NAME = {
    "disease", "increase", "decrease", "release", "vaccine", "medicine", "hormone", "protein", "alcohol", "toxin", "statin", "triptan", "peptide", "routine", "machine",
    "caffeine", "protease", "enzyme", "antihistamine", "bisphosphonate", "vitamin", "antitoxin", "children", "women", "often", "given", "taken", "when", "then", "even",
    "between", "area", "pain", "brain", "skin", "certain", "again", "claim", "name", "combination", "time", "control", "cholesterol", "date", "rate", "candidate",
    "alternate", "appropriate", "moderate", "treatment", "serum", "until", "oxygen", "estrogen", "androgen", "collagen", "specimen", "regimen", "line", "online", "guideline", "vein",
    "one", "alone", "someone", "everyone", "bone", "side", "wide", "inside", "provide", "include", "guide", "tube", "nausea", "diarrhea", "protocol", "symptom",
}  # fmt: skip
BEFORE = re.compile(
    rf"(?<![A-Za-z/-])(?P<generic>(?:[A-Za-z][a-z]*-)?[A-Za-z][a-z]{{3,}}(?:/[a-z]{{4,}}){{0,2}}(?:-[a-z]{{4}})?(?:\s{SALT}(?:-[a-z]{{4}})?)?)"
    rf"\s\((?:brand names?:?\s+|sold as\s+|as\s+)?(?:{WORD}(?:\s{WORD}){{0,2}}\s?[®™],?\s(?:and\s|or\s)?)*\Z"
)
SENTENCE_WORDS = {
    "The", "A", "An", "Take", "Taking", "Use", "Using", "Drugs", "Both", "Some", "Other", "With", "While", "Like", "And", "Or", "Your", "Ask", "Only", "Once", "New",
    "In", "For", "If", "When", "Injectable", "Oral", "Generic", "Brand", "Medicines", "Medications", "Treatment", "Treatments", "Doctors", "Patients", "People", "Unlike",
    "Examples", "Include", "Including", "Such", "Newer", "Older", "Today", "Also", "However", "Then", "Because", "Studies", "Either", "Neither", "Before", "After",
    "But", "Most", "Many", "Since", "Although", "Though", "Starting", "Adding", "Switching", "Another", "One", "Two", "Three", "These", "Those", "This", "That", "It", "They",
}  # fmt: skip


def _generic(text: str) -> str:
    """The generic name inside a parenthesis, or nothing when it is another remark."""
    text = LEAD_IN.sub("", text.strip(), count=1).strip()
    text = ALSO_CALLED.sub("", text).rstrip(",")
    text = re.split(r"[;:,]\s+(?=an?\s|for\s|which\s|used\s)", text)[0].strip()
    if not GENERIC.fullmatch(text):
        return ""
    words = [word for word in re.split(r"[\s,/+]+", text) if word]
    if any(word in NO_DRUG and word != "and" for word in words) or not all(
        len(word) > 3 or word in ("and", "of", "HCl", "Hcl", "HBr") for word in words
    ):
        return ""
    return text if len([word for word in words if word != "and"]) <= 6 else ""


def _all_named(generic: str) -> bool:
    """Whether each part of a name has the ending of a substance."""
    return all(INN.fullmatch(part) for part in re.split(JOINT, generic))


def _named_before(generic: str, lead: str) -> bool:
    """Whether the word before "(Brand®)" is its substance; "a steroid cream (Brand®)" says only what it is."""
    parts = re.split(JOINT, generic)
    if NO_NAME.intersection(parts):
        return False
    a_kind = re.search(r"\b(?:an?|the|this|these|another|other|of|called)\s\Z", lead, re.IGNORECASE)
    return _all_named(generic) or (not a_kind and all(LOOSE_INN.fullmatch(part) for part in parts))


def _sign(mark: str) -> str:
    return {"(r)": "®", "(tm)": "™"}.get(mark.lower(), mark)


def _brand(found: str, before: str, small: set[str]) -> str:
    """The brand without the words of the sentence before it: "Take Humira" is Humira, "Trelegy Ellipta" stays."""
    words = found.split()
    starts = not before.strip() or before.rstrip()[-1] in ".!?:•\n"
    while len(words) > 1:
        first = words[0]
        common = first in SENTENCE_WORDS or first.lower() in small
        if not common and not (starts and first.endswith(("ing", "ed", "ly"))):
            break
        words = words[1:]
        starts = False
    return " ".join(words)


def _with_mark(text: str, small: set[str]) -> list[tuple[int, dict[str, str]]]:
    found: list[tuple[int, dict[str, str]]] = []
    end = -1
    for match in re.finditer(BRAND, text):
        brand = _brand(match["brand"], text[max(0, match.start() - 80) : match.start()], small)
        pair = {"brand": brand, "mark": _sign(match.group(2)), "generic": ""}
        after = text[match.end() : match.end() + 200]
        form = re.match(rf"\s({WORD})(?=\s\([a-z])", after)  # "Nurtec® ODT (rimegepant)"
        if form and form.group(1) not in SENTENCE_WORDS:
            pair["brand"], after = f"{brand} {form.group(1)}", after[form.end() :]
        inside = re.match(rf"[\s,]*(?:{FORM}\s)?\(([^()]{{3,90}})\)", after)
        either = re.match(
            r"\s+(?:or|also called|also known as|is)\s+(?:the )?(?:generic )?([a-z][a-z-]+(?:\s[a-z-]+)?)",
            after,
        )
        if inside:
            pair["generic"] = _generic(inside.group(1))
        elif re.match(rf"(?:,?\s(?:and\s|or\s)?{WORD}(?:\s{WORD}){{0,2}}\s?[®™])*\)", after):
            start = match.start() + len(match["brand"]) - len(brand)
            before = BEFORE.search(text[max(0, start - 120) : start])
            lead = text[max(0, start - 120) : start]
            if before and _named_before(before["generic"].lower(), lead[: before.start()]):
                pair["generic"] = before["generic"].lower()
        elif either:
            inn = INN.match(either.group(1))
            pair["generic"] = inn.group() if inn else ""
        if found and not text[end : match.start()].strip():  # "Arnuity® Ellipta®" is one name
            pair["brand"] = f"{found.pop()[1]['brand']} {match['brand']}"
        end = match.end()
        found.append((match.start(), pair))
    return found


def _without_mark(text: str) -> list[tuple[int, dict[str, str]]]:
    """ "Aimovig (erenumab-aooe)" and "erenumab (Aimovig)": only where the generic name has the ending of one."""
    found = []
    for match in re.finditer(rf"(?P<brand>{WORD}(?:\s{WORD})?)\s\((?P<generic>[^()®™]{{4,60}})\)", text):
        generic = _generic(match["generic"])
        if generic and _all_named(generic) and not match["brand"].isupper():
            found.append((match.start(), {"brand": match["brand"], "mark": "", "generic": generic}))
    for match in re.finditer(
        rf"(?<![\w-])(?P<generic>[A-Za-z][a-z-]+(?:\s{SALT}(?:-[a-z]{{4}})?)?)\s\((?:brand names?:?\s+|sold as\s+)?(?P<brand>{WORD}(?:\s{WORD})?)\)",
        text,
    ):
        generic = match["generic"].lower()
        if INN.fullmatch(generic) and not match["brand"].isupper():
            found.append((match.start(), {"brand": match["brand"], "mark": "", "generic": generic}))
    return found


def suggest(body: Node) -> list[dict[str, str]]:
    """Each brand once, where it stands first with its generic name, in reading order."""
    texts = [
        (block["attrs"]["node_id"], inline_text(run))
        for block in blocks(body)
        if block["type"] != "figure"
        for run in runs(block)
    ]
    small = {word for _node_id, text in texts for word in re.findall(r"\w+", text)}
    found: dict[str, dict[str, str]] = {}
    for node_id, text in texts:
        pairs = _with_mark(text, small)
        marked = {pair["brand"] for _place, pair in pairs}
        pairs += [(place, pair) for place, pair in _without_mark(text) if pair["brand"] not in marked]
        for _place, pair in sorted(pairs, key=lambda found: found[0]):
            words = pair["brand"].split()
            if not pair["mark"] and len(words) > 1:
                pair["brand"] = _brand(pair["brand"], "", small)
            known = found.get(pair["brand"].lower())
            if known is None:
                found[pair["brand"].lower()] = {**pair, "node_id": node_id}
            elif pair["generic"] and not known["generic"]:
                known.update({**pair, "mark": known["mark"] or pair["mark"], "node_id": node_id})
    return list(found.values())
