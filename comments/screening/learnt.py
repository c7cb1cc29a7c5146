"""placeholder"""


def look(scan):
    return []
