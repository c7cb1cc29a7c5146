"""The few words an artefact adds to what was written, by the language of the page and not of the request."""

from __future__ import annotations

WORDS = {
    "en": {
        "by": "By",
        "and": "and",
        "reference": "Reference",
        "references": "References",
        "back": "Back to where reference {number} is cited, {place} of {places}",
        "empty": "This reference is still empty.",
        "key_facts": "Key facts",
        "no_picture": "This picture has no file yet.",
        "glance": "At a glance",
        "brand": "Brand name",
        "generic": "Generic name",
        "drug_class": "Class",
        "route": "Given as",
        "target": "Target",
        "other_names": "Other names",
        "subtypes": "Subtypes",
        "approvals": "Approvals",
        "date": "Date",
        "what": "Approved for",
        "jurisdiction": "Where",
        "definition": "Definition",
        "authority": "Defined by",
        "synonyms": "Other names",
    },
    "es": {
        "by": "Por",
        "and": "y",
        "reference": "Referencia",
        "references": "Referencias",
        "back": "Volver a donde se cita la referencia {number}, {place} de {places}",
        "empty": "Esta referencia aún está vacía.",
        "key_facts": "Datos clave",
        "no_picture": "Esta imagen aún no tiene archivo.",
        "glance": "De un vistazo",
        "brand": "Nombre comercial",
        "generic": "Nombre genérico",
        "drug_class": "Clase",
        "route": "Se administra como",
        "target": "Diana",
        "other_names": "Otros nombres",
        "subtypes": "Subtipos",
        "approvals": "Autorizaciones",
        "date": "Fecha",
        "what": "Autorizado para",
        "jurisdiction": "Dónde",
        "definition": "Definición",
        "authority": "Definido por",
        "synonyms": "Otros nombres",
    },
}
MONTHS = {
    "en": [
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ],
    "es": [
        "enero", "febrero", "marzo", "abril", "mayo", "junio",
        "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre",
    ],
}  # fmt: skip


def words(language: str) -> dict[str, str]:
    """The words of a language; English where we have none."""
    return WORDS.get(language.split("-")[0], WORDS["en"])


def long_date(date: str, language: str) -> str:
    """ "2022-08-05", "2022-08" or "2022" as a reader reads it."""
    year, month, day = [*date.split("-"), "", ""][:3]
    language = language.split("-")[0]
    name = MONTHS.get(language, MONTHS["en"])[int(month) - 1] if month else ""
    joint = " de " if language == "es" else " "
    return joint.join(filter(None, [day.lstrip("0"), name, year]))
