"""Public names: no poses, no lookalikes, no addresses."""

import pytest

from accounts import names
from tests import cast


@pytest.mark.parametrize(
    "name",
    [
        "admin", "Admin", "ADMIN", "adm1n", "admin42", "42admin", "The Admin", "site_admin", "AdminTeam", "аdmin",
        "Moderator", "m0derator", "the.moderator", "Moderator2", "mod", "Editor", "Ruth-Editor", "reviewer", "Our Staff",
        "support", "Bedside", "B3dside", "Bedside Team", "TeamBedside", "Вedside", "Medical Team", "medical-team",
        "MedicalTeam", "Care Team", "Dr Jones", "Dr. Jones", "DrJones", "dr_ruth", "AskDrJones", "Doctor Ruth", "doctor",
        "Nurse Joy", "nurse", "Nurse99", "Prof. Lind", "Jane MD", "Jane, MD", "Jane PhD", "jane.rn", "Former member",
        "Ｄｏｃｔｏｒ Ruth", "Dóctor Ruth", "oncologist",
    ],
)  # fmt: skip
def test_a_pose_is_seen_through(name):
    assert names.poses(names.tidy(name))


@pytest.mark.parametrize(
    "name",
    [
        "Ruth B.", "Andrea", "Badminton Bea", "Modesty", "Drew", "Nursery Rhyme", "Edith", "Staffan", "O'Brien", "Jean-Luc",
        "Rita 62", "Maria José", "Łukasz", "Ольга", "مريم", "सीता", "李小龙", "Mrs. Dalloway", "Medina", "Phoebe", "Reviva",
        "helping hand", "Doctrina", "Rooted",
    ],
)  # fmt: skip
@pytest.mark.django_db
def test_an_ordinary_name_is_fine(name):
    assert names.problem(names.tidy(name)) == ""


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "3 to 30"), ("Al", "3 to 30"), ("x" * 31, "3 to 30"), ("rita@example.org", "no email address"), ("@rita", "email"),
        ("Rita 5550100", "no number"), ("...", "letters"), ("12345", "letters"), ("Rita\u202eatiR", "letters"),
        ("Rita\x00B", "letters"), ("Ri\u200bta", "letters"), ("<b>Rita</b>", "letters"), ("Rita😀", "letters"), ("-Rita", "begin"),
        ("rita/../", "letters"), ("ﷺﷺﷺﷺ", "3 to 30"),
    ],
)  # fmt: skip
@pytest.mark.django_db
def test_it_says_what_is_wrong(name, says):
    assert says in names.problem(names.tidy(name))


@pytest.mark.parametrize(
    "name", ["Rita B.", "rita b", "RITA-B", "Ríta B", "Rіta B", "R1ta B".replace("1", "і"), "Rita  B"]
)
@pytest.mark.django_db
def test_a_lookalike_of_a_taken_name_is_taken(name):
    cast.person("Rita B.".replace(" ", "").replace(".", ""))
    assert "taken" in names.problem(names.tidy(name))


@pytest.mark.django_db
def test_ones_own_name_is_not_taken_by_oneself():
    rita = cast.person("rita")
    assert names.problem("Rita", user=rita) == ""


def test_blanks_and_forms_of_letters_are_tidied():
    assert names.tidy("  Rita \t B.\u00a0") == "Rita B."
    assert names.tidy("Ｒita") == "Rita"
