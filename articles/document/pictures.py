"""The fixed widths a picture is cut to: known from its own width, so no signed byte depends on what lies on the disk."""

RENDITION_WIDTHS = (480, 960, 1600)


def widths(width: int) -> list[int]:
    """Widths (pixels, smallest first) that exist of a picture `width` pixels wide: the fixed ones below it and its own,
    or the largest fixed one."""
    return [fixed for fixed in RENDITION_WIDTHS if fixed < width] + [width] * (width <= RENDITION_WIDTHS[-1])
