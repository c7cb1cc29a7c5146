"""Words that carry the meaning of a medical sentence: no slip of the pen may touch them."""

from __future__ import annotations

import re

ENGLISH = """
no not nor none never neither nobody nothing nowhere without cannot non
only just even except unless until if but however although though despite instead rather
may might must can could shall should will would ought need needs
less more least most fewer few many much some any all every each both either half twice once double triple
almost about above below under at least before after during within between beyond
higher lower high low rise rises fall falls better worse best worst same different
always often usually sometimes rarely seldom likely unlikely possible possibly probably certain
increase increases increased decrease decreases decreased raise raises raised reduce reduces reduced
start stop take avoid continue safe unsafe allowed forbidden recommended positive negative left right
benign malignant male female man woman men women
"""
SPANISH = """
no ni nunca jamás sin ningún ninguna ninguno nada nadie tampoco
solo sólo solamente únicamente salvo excepto aunque pero mas si sí
puede pueden podría podrían debe deben debería deberían
menos más mayor menor mayores menores mejor peor igual todo todos toda todas algún alguna algunos algunas
cada ambos ambas mitad doble siempre raramente antes después durante entre hasta desde sobre bajo
aumenta aumentan disminuye disminuyen alto alta bajo baja positivo positiva negativo negativa
"""
NUMBERS = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred hundreds thousand thousands million
millions billion dozen first second third fourth fifth sixth seventh eighth ninth tenth quarter quarters
cero uno una dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince veinte treinta cuarenta
cincuenta sesenta setenta ochenta noventa cien ciento cientos mil millón millones primero segundo tercero cuarto
"""
UNITS = """
mg mcg µg μg ug ng pg g kg dag ml µl μl l dl cl iu ui u mmol µmol μmol mol meq mm cm m nm µm μm gy mgy msv sv bq mbq
kcal cal kj j bpm mmhg kpa pa hz cc ppm percent percentage points porcentaje
hour hours day days week weeks month months year years minute minutes seconds
hourly daily nightly weekly fortnightly monthly yearly annual annually
hora horas día días semana semanas mes meses año años minuto minutos segundos diario diaria semanal mensual anual
tablet tablets capsule capsules dose doses drop drops spoon spoons puff puffs unit units
milligram milligrams microgram micrograms nanogram nanograms gram grams kilogram kilograms
millilitre millilitres milliliter milliliters litre litres liter liters
miligramo miligramos microgramo microgramos gramo gramos kilogramo kilogramos mililitro mililitros litro litros
"""

# Pairs that one letter keeps apart, and a mistake in one is the other.
LOOK_ALIKES = """
ureter ureters ureteral urethra urethras urethral ileum ileal ilium iliac mucus mucous perineal peroneal peritoneal perianal
dysphagia dysphasia dysphonia aphagia aphasia palpation palpitation palpitations prostate prostrate facial fascial fecal
faecal cardiac carotid parotid humeral humoral humerus tumour humour thoracic thoracal cervical cervix cortical corneal
sacral coronal afferent efferent abduct adduct abduction adduction arteriole arterial arteritis arthritis anuresis enuresis
anuria dysuria oliguria polyuria osteal ostial pleural plural vesical vesicle venous venus viscous viscus apposition
apoplexy malignancy metastasis metastases myelitis myositis myeloma melanoma myxoma menopause lymphoma lipoma sarcoma
stomach stomata trachea trochlea rectal renal radial radical radiation radiance gavage lavage infusion effusion infection
infestation injection ingestion incision excision resection dissection secretion excretion relapse remission recession
acidic acetic cirrhosis sclerosis necrosis fibrosis keratosis ketosis acidosis alkalosis
"""

NEGATED = re.compile(r"\w+n't\Z")
PROTECTED = frozenset(f"{ENGLISH} {SPANISH} {NUMBERS}".split())
UNIT_WORDS = frozenset(UNITS.split())
ALIKE = frozenset(LOOK_ALIKES.split())

# Beginnings that turn a word into another, or into its opposite; "" is the word without one.
PREFIXES = (
    "", "a", "ab", "ad", "an", "ante", "anti", "auto", "bi", "contra", "counter", "de", "des", "di", "dis", "down", "dys",
    "e", "ecto", "em", "en", "endo", "epi", "eu", "ex", "exo", "extra", "hemi", "hetero", "homo", "hyper", "hypo", "il",
    "im", "in", "infra", "inter", "intra", "intro", "ir", "iso", "macro", "mal", "micro", "mid", "milli", "mis", "mono",
    "multi", "nano", "neo", "non", "out", "over", "para", "per", "peri", "poly", "post", "pre", "pro", "quadri", "re",
    "retro", "self", "semi", "sub", "super", "supra", "tachy", "brady", "trans", "tri", "ultra", "un", "under", "uni",
    "up",
)  # fmt: skip
# Endings that do the same: careless, careful.
SUFFIXES = (
    "less", "ful", "free", "able", "ible", "er", "est", "emia", "aemia", "uria", "itis", "osis", "oma", "ectomy", "ostomy",
    "otomy", "plasty", "pathy", "algia", "penia", "cytosis", "ia", "ic",
)  # fmt: skip
# Endings of generic names: two drugs may differ by one letter.
STEMS = (
    "abine", "apine", "afil", "amine", "arabine", "arin", "asone", "astine", "azepam", "azine", "azole", "azolam",
    "barbital", "caine", "calcitol", "cept", "ciclib", "cillin", "citabine", "cycline", "dazole", "degib", "denosumab",
    "dipine", "dronate", "dronic", "eptin", "fenac", "fibrate", "floxacin", "formin", "gatran", "gestrel", "gliflozin",
    "gliptin", "glitazone", "glutide", "idine", "imab", "kinra", "limus", "lisib", "lukast",
    "mab", "micin", "mustine", "mycin", "nacin", "nercept", "nib", "nidazole", "olol", "olone", "olimus", "onide",
    "oxacin", "oxetine", "oxifene", "oxib", "oxin", "parib", "parin", "phylline", "plase", "platin", "poetin",
    "poside", "prazole", "pressin", "pril", "profen", "promazine", "quine", "rafenib", "relin", "relix", "ridone",
    "rubicin", "sartan", "semide", "setron", "solone", "sone", "spirone", "sporin", "statin", "taxel",
    "tecan", "terol", "thiazide", "tidine", "tinib", "tocin", "trexate", "trexed", "triptan", "triptyline", "trozole",
    "vastatin", "vedotin", "vir", "vudine", "xaban", "zepam", "zide", "zolamide", "zomib", "zosin", "zumab", "zyme",
)  # fmt: skip
ROMAN = re.compile(r"[IVXLCDM]+[A-C]?\Z")


def is_protected(word: str) -> bool:
    """Whether a word negates, compares, counts or allows."""
    word = word.lower()
    return word in PROTECTED or bool(NEGATED.match(word))


def is_unit(word: str) -> bool:
    return word.lower() in UNIT_WORDS


def looks_like_a_drug(word: str) -> bool:
    """Whether a word ends like the generic name of a drug."""
    return len(word) >= 6 and word.lower().removesuffix("s").endswith(STEMS)


def _turned(old: str, new: str) -> bool:
    """Whether the words share a stem under different beginnings or endings."""
    stems = {old[len(prefix) :]: prefix for prefix in PREFIXES if old.startswith(prefix)}
    if any(
        new.startswith(prefix) and len(new) - len(prefix) >= 3 and new[len(prefix) :] in stems for prefix in PREFIXES
    ):
        return True
    roots = {old.removesuffix(suffix) for suffix in SUFFIXES if old.endswith(suffix)}
    news = {new.removesuffix(suffix) for suffix in SUFFIXES if new.endswith(suffix)}
    return any(len(root) >= 3 for root in (roots & (news | {new})) | (news & {old}))


def are_opposites(old: str, new: str) -> bool:
    """Whether a beginning or an ending may have turned one word into another: hypo- and hyper-, -less and -ful."""
    old, new = old.lower(), new.lower()
    return old != new and _turned(old, new)
