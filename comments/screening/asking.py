"""What a member is asked about before her words are sent: they look as if somebody could be found by them."""

from .names import names
from .personal import personal_details
from .scan import Scan, Seen

ASK = (personal_details, names)


def before_sending(text: str) -> list[Seen]:
    """What was seen that she may not have meant to tell everybody; [] where nothing needs asking. Nothing is stored.

    The labels are email_address, phone_number, address, record_number and named_person.
    """
    scan = Scan.of(text)
    return [seen for detector in ASK for seen in detector(scan)]
