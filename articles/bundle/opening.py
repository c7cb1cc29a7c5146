"""Reading a bundle that anybody may have made: within limits, by known names only, and nothing is written anywhere."""

import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

from audit.verify import NoSuchThing

from . import layout

MEGABYTE = 1024 * 1024
MOST_FILES = 500
LARGEST_BUNDLE, LARGEST_PICTURE, LARGEST_TEXT = 512 * MEGABYTE, 32 * MEGABYTE, 16 * MEGABYTE


def open_bundle(path: Path) -> dict[str, Any]:
    """Every file by its name: bytes, and for files with a shape the parsed JSON under "name:". Raises NoSuchThing."""
    try:
        with zipfile.ZipFile(path) as bundle:
            files = _read(bundle)
    except FileNotFoundError as error:
        raise NoSuchThing(f"There is no file {path}.") from error
    # A broken zip makes the library raise nearly anything.
    except (
        zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError, KeyError,
    ) as error:  # fmt: skip
        raise NoSuchThing(f"{path} is not a zip file that can be read: {error}") from error
    if missing := [name for name in layout.NEEDED if name not in files]:
        raise NoSuchThing(f"{path} is not a bundle of a page: {missing[0]} is missing.")
    return {**files, **{f"{name}:": _parsed(name, files[name], shape) for name, shape in layout.SHAPES.items()}}


def parse(name: str, data: bytes) -> Any:
    """JSON as strictly as it is written here: UTF-8, no name twice, nothing that is not a JSON value."""
    try:
        return json.loads(data.decode(), object_pairs_hook=_without_repeats, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else error
        raise NoSuchThing(f"{name} cannot be read: {reason}") from error


def _read(bundle: zipfile.ZipFile) -> dict[str, bytes]:
    listed = bundle.infolist()
    if len(listed) > MOST_FILES:
        raise NoSuchThing(f"This is not a bundle: it holds {len(listed)} files, the most is {MOST_FILES}.")
    files: dict[str, bytes] = {}
    left = LARGEST_BUNDLE
    for info in listed:
        _may_stand_in_a_bundle(info, files)
        most = min(LARGEST_PICTURE if layout.IMAGE.match(info.filename) else LARGEST_TEXT, left)
        with bundle.open(info) as file:
            # What the zip says about its size is no more than a claim.
            data = file.read(most + 1)
        if len(data) > most:
            raise NoSuchThing(f"{info.filename} is larger than anything in a bundle.")
        left -= len(data)
        files[info.filename] = data
    return files


def _may_stand_in_a_bundle(info: zipfile.ZipInfo, files: dict[str, bytes]) -> None:
    # The name as it stands in the file: the library cuts one at its first NUL, so two could become one.
    name = info.orig_filename
    if name not in (*layout.NEEDED, layout.VOUCHED) and not layout.IMAGE.match(name):
        raise NoSuchThing(f"This is not a bundle: no bundle holds a file named {name[:80]!r}.")
    if name in files:
        raise NoSuchThing(f"This is not a bundle: it holds {name} twice.")
    if info.flag_bits & 0x1:
        raise NoSuchThing(f"{name} is encrypted.")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise NoSuchThing(f"{name} is packed in a way that no bundle uses.")


def _parsed(name: str, data: bytes, shape) -> Any:
    value = parse(name, data)
    if not layout.fits(value, shape):
        raise NoSuchThing(f"{name} is not in the form of a bundle ({layout.FORMAT}).")
    return value


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no JSON value")
