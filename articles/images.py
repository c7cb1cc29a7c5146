"""Uploads: checked before they are decoded, re-encoded without metadata, cut to fixed widths, named by their hash."""

import hashlib
import io
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from PIL import Image as Picture
from PIL import ImageOps

from .document.pictures import widths
from .models import Image, Page

FORMATS = {"JPEG": "jpeg", "PNG": "png", "WEBP": "webp"}
EXTENSIONS = {"jpeg": "jpg", "png": "png", "webp": "webp"}
MAX_PIXELS = 40_000_000


def store(page: Page, file, *, by) -> Image:
    """Keep an uploaded picture and its renditions. Raises ValidationError with a sentence for the uploader."""
    picture, kind = _open(file)
    original = _encode(picture, kind)
    sha256 = hashlib.sha256(original).hexdigest()
    renditions = []
    for width in widths(picture.width):
        smaller = (
            picture
            if width == picture.width
            else picture.resize((width, round(picture.height * width / picture.width)))
        )
        for form in dict.fromkeys((kind, "webp")):
            cut = _encode(smaller, form)
            _write(path_of(sha256, f"{width}.{EXTENSIONS[form]}"), cut)
            digest = hashlib.sha256(cut).hexdigest()
            renditions.append({"width": width, "height": smaller.height, "format": form, "sha256": digest})
    _write(path_of(sha256, f"original.{EXTENSIONS[kind]}"), original)
    return Image.objects.create(
        page=page,
        sha256=sha256,
        format=kind,
        width=picture.width,
        height=picture.height,
        renditions=renditions,
        uploaded_by=by,
    )


def path_of(sha256: str, name: str) -> Path:
    """Where the bytes lie: <media>/i/<sha256>/<name>, name being "<width>.<ext>" or "original.<ext>"."""
    return Path(settings.MEDIA_ROOT) / "i" / sha256 / name


def _open(file) -> tuple[Picture.Image, str]:
    if file.size > settings.UPLOAD_MAX_BYTES:
        megabytes = settings.UPLOAD_MAX_BYTES // (1024 * 1024)
        raise ValidationError(
            _("This picture is larger than {n} MB. Make it smaller and choose it again.").format(n=megabytes)
        )
    try:
        picture = Picture.open(file, formats=list(FORMATS))
        if picture.width * picture.height > MAX_PIXELS:
            raise ValidationError(_("This picture has too many pixels. Make it smaller and choose it again."))
        kind = FORMATS[picture.format]
        picture.load()
    except (OSError, ValueError, SyntaxError, Picture.DecompressionBombError) as error:
        raise ValidationError(_("This file is not a JPEG, PNG or WebP picture.")) from error
    return ImageOps.exif_transpose(picture), kind


def _encode(picture: Picture.Image, kind: str) -> bytes:
    wanted = "RGB" if kind == "jpeg" else "RGBA" if picture.mode in ("RGBA", "LA", "PA", "P") else "RGB"
    out = io.BytesIO()
    quality = {} if kind == "png" else {"quality": 82}
    picture.convert(wanted).save(out, format=kind.upper(), **({"optimize": True} if kind != "webp" else {}), **quality)
    return out.getvalue()


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(path.suffix + ".part")
    partial.write_bytes(data)
    partial.replace(path)
