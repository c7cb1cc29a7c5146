"""Public names: nobody may look like the staff, like a clinician, or like another member."""

import re
import unicodedata

from django.utils.translation import gettext as _

from .models import User
from .models.people import skeleton

SHORTEST, LONGEST = 3, 30
MOST_DIGITS = 6
# Long enough to mean only this, wherever they stand: "BedsideCrew", "the_moderator2".
ANYWHERE = (
    "bedside", "moderator", "administrator", "medicalteam", "careteam", "reviewteam", "supportteam",
    "customerservice", "formermember",
)  # fmt: skip
# Short ones count as whole words only: "badminton" is no "admin", "Andrea" no "dr".
AS_WORDS = (
    "admin", "mod", "mods", "editor", "editors", "reviewer", "reviewers", "staff", "support", "official",
    "help", "helpdesk", "system", "root", "security", "abuse", "postmaster", "webmaster", "noreply",
    "anonymous",
    "dr", "doctor", "doc", "prof", "professor", "nurse", "physician", "surgeon", "oncologist",
    "pharmacist", "therapist", "clinician", "md", "phd", "rn", "pharmd", "mbbs", "frcp", "facp",
)  # fmt: skip
MARKS_BETWEEN = " ._'’·-"
# Capitals that look like Latin ones where the small letters do not, which is all that a skeleton knows.
CAPITALS = str.maketrans("ВНМТКΒΗΜΝΤΖ", "BHMTKBHMNTZ")


def tidy(name: str) -> str:
    """One spelling of a typed name: composed letters, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", name).split())


def problem(name: str, *, user: User | None = None) -> str:
    """Why a tidied name cannot be used, as a sentence for the person; "" if it can."""
    looks = skeleton(name)
    if not SHORTEST <= len(name) <= LONGEST or len(looks) > User._meta.get_field("handle_skeleton").max_length:
        return _("Choose a name of {shortest} to {longest} characters.").format(shortest=SHORTEST, longest=LONGEST)
    if "@" in name or sum(letter.isdigit() for letter in name) > MOST_DIGITS:
        return _("Choose a name that is no email address and no number. Everyone can read it.")
    if not readable(name) or sum(letter.isalpha() for letter in name) < 2:
        return _("Use letters, digits, spaces, dots, hyphens and apostrophes, and begin with a letter or a digit.")
    if poses(name):
        return _("This name could be taken for our staff or for a clinician. Choose another one.")
    if User.objects.filter(handle_skeleton=looks).exclude(pk=user.pk if user else None).exists():
        return _("This name, or one that looks like it, is taken. Choose another one.")
    return ""


def readable(name: str) -> bool:
    """Letters of any script with their marks, digits and a few signs between them; nothing invisible."""
    return name[0].isalnum() and all(
        letter in MARKS_BETWEEN or unicodedata.category(letter)[0] in "LM" or letter.isdecimal() for letter in name
    )


def poses(name: str) -> bool:
    """Whether a name could be read as one of the staff or as a title."""
    name = name.translate(CAPITALS)
    whole = _folded(skeleton(name))
    if any(_folded(word) in whole for word in ANYWHERE):
        return True
    words = {_folded(skeleton(word)) for word in _words(name)} | {
        whole,
        whole.removeprefix("the"),
        whole.removesuffix("team"),
    }
    return not words.isdisjoint({_folded(word) for word in AS_WORDS})


def _words(name: str) -> list[str]:
    """Runs between signs, also without digits at the ends ("admin42"), and split at capitals ("DrJones")."""
    runs = re.split(r"[\s._'’·-]+", name)
    humps = [hump for run in runs for hump in re.findall(r"[^\W\d_][^\WA-Z\d_]*", run)]
    return [word for word in (*runs, *(run.strip("0123456789") for run in runs), *humps) if word]


def _folded(looks: str) -> str:
    # A capital i, a small L and a one look the same; in names of members they may still differ.
    return looks.replace("l", "i").replace("1", "i")
