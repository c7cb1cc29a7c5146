"""One published page and all its evidence in a zip file, which anybody can check without our database."""

from audit.verify import BUNDLES, Bundles

from .checking import check
from .packing import pack

__all__ = ["check", "pack"]

BUNDLES.append(Bundles(pack, check))
