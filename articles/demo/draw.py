"""Draw the figures of the demo articles: flat shapes, large words, the colours of the site.

Run it from the root of the repository: python articles/demo/draw.py
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

HERE = Path(__file__).resolve().parent
FIGURES = HERE / "figures"
SITE_FONT = HERE.parents[1] / "static" / "fonts" / "atkinson-hyperlegible-next.woff2"
WIDTH = 1200
SCALE = 2  # drawn at twice the size and reduced, so that edges are smooth

PLUM, PLUM_MID, PLUM_PALE, PLUM_TINT = "#6b2a6f", "#b58bb8", "#e3cfe5", "#f6ecf7"
TEAL, TEAL_MID, TEAL_TINT = "#0b625a", "#7fb8b1", "#e5f3f0"
INK, GREY, LINE, SUNKEN, PAPER = "#241c29", "#584e60", "#d3c9d9", "#f7f4f9", "#ffffff"


def font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """The site's own reading font; DejaVu where the site font cannot be read."""
    try:
        face = ImageFont.truetype(str(SITE_FONT), size * SCALE)
        face.set_variation_by_axes([700 if bold else 420])
    except OSError:
        face = ImageFont.truetype("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf", size * SCALE)
    return face


@dataclass
class Sheet:
    """A drawing surface measured in the pixels of the finished picture."""

    image: Image.Image
    pen: ImageDraw.ImageDraw

    @classmethod
    def blank(cls, height: int) -> "Sheet":
        image = Image.new("RGB", (WIDTH * SCALE, height * SCALE), PAPER)
        return cls(image, ImageDraw.Draw(image))

    def box(
        self, x: float, y: float, w: float, h: float, fill: str, edge: str | None = None, radius: float = 22
    ) -> None:
        area = [v * SCALE for v in (x, y, x + w, y + h)]
        self.pen.rounded_rectangle(area, radius * SCALE, fill=fill, outline=edge, width=4 * SCALE if edge else 0)

    def disc(
        self, x: float, y: float, r: float, fill: str | None = None, edge: str | None = None, width: float = 6
    ) -> None:
        area = [v * SCALE for v in (x - r, y - r, x + r, y + r)]
        self.pen.ellipse(area, fill=fill, outline=edge, width=int(width * SCALE) if edge else 0)

    def stroke(self, points: list[tuple[float, float]], fill: str, width: float) -> None:
        """A line with round ends and joints."""
        scaled = [(x * SCALE, y * SCALE) for x, y in points]
        self.pen.line(scaled, fill=fill, width=int(width * SCALE), joint="curve")
        for x, y in points:
            self.disc(x, y, width / 2, fill)

    def arrow(self, x1: float, y1: float, x2: float, y2: float, fill: str = GREY) -> None:
        angle = math.atan2(y2 - y1, x2 - x1)
        stop = (x2 - 14 * math.cos(angle), y2 - 14 * math.sin(angle))
        self.stroke([(x1, y1), stop], fill, 6)
        wings = [(x2 + 26 * math.cos(angle + a), y2 + 26 * math.sin(angle + a)) for a in (2.6, -2.6)]
        self.pen.polygon([(x * SCALE, y * SCALE) for x, y in [(x2, y2), *wings]], fill=fill)

    def words(
        self,
        x: float,
        y: float,
        text: str,
        size: int = 32,
        fill: str = INK,
        bold: bool = False,
        anchor: str = "lm",
    ) -> None:
        """Text whose lines are centred as a block on y."""
        lines = text.split("\n")
        step = size * 1.28
        for n, line in enumerate(lines):
            at = (x * SCALE, (y + (n - (len(lines) - 1) / 2) * step) * SCALE)
            self.pen.text(at, line, font=font(size, bold), fill=fill, anchor=anchor)

    def save(self, name: str) -> None:
        size = (WIDTH, self.image.height // SCALE)
        small = self.image.resize(size, Image.Resampling.LANCZOS)
        small.quantize(96, dither=Image.Dither.NONE).save(FIGURES / name, optimize=True)


def person(sheet: Sheet, x: float, y: float, fill: str, size: float = 1.0) -> None:
    """A standing figure; x is its middle and y the top of its head."""
    s = size
    sheet.disc(x, y + 44 * s, 44 * s, fill)
    sheet.box(x - 70 * s, y + 104 * s, 140 * s, 200 * s, fill, radius=56 * s)
    sheet.stroke([(x - 50 * s, y + 134 * s), (x - 100 * s, y + 284 * s)], fill, 36 * s)
    sheet.stroke([(x + 50 * s, y + 134 * s), (x + 100 * s, y + 284 * s)], fill, 36 * s)
    sheet.stroke([(x - 38 * s, y + 280 * s), (x - 44 * s, y + 450 * s)], fill, 48 * s)
    sheet.stroke([(x + 38 * s, y + 280 * s), (x + 44 * s, y + 450 * s)], fill, 48 * s)


def local_and_whole_body() -> None:
    sheet = Sheet.blank(800)
    for left, tint in ((40, PLUM_TINT), (620, TEAL_TINT)):
        sheet.box(left, 40, 540, 720, tint, radius=28)
    sheet.words(310, 104, "Local treatment", 46, PLUM, bold=True, anchor="mm")
    sheet.words(890, 104, "Whole-body treatment", 46, TEAL, bold=True, anchor="mm")
    person(sheet, 310, 160, PLUM_MID)
    person(sheet, 890, 160, TEAL_MID)
    sheet.disc(340, 334, 20, PLUM)
    sheet.disc(340, 334, 46, edge=PLUM, width=8)
    middle = [(890, 190), (890, 296), (890, 352), (890, 408)]
    sides = [
        (18, 222),
        (38, 318),
        (36, 380),
        (78, 350),
        (92, 408),
        (26, 446),
        (42, 498),
        (44, 550),
        (44, 602),
    ]
    spots = middle + [(890 + side * dx, y) for dx, y in sides for side in (-1, 1)]
    for x, y in spots:
        sheet.disc(x, y, 10, TEAL)
    sheet.words(310, 692, "works in one place:\nsurgery, radiotherapy", 36, anchor="mm")
    sheet.words(890, 692, "travels in the blood:\ndrugs of several kinds", 36, anchor="mm")
    sheet.save("local-and-whole-body.png")


def five_trials() -> None:
    sheet = Sheet.blank(960)
    rows = [
        ("India", "2015", 350, "No clear difference\nin length of life", False),
        ("Turkey", "2018", 274, "Longer life, seen only\nwith longer follow-up", True),
        ("Austria", "2019", 90, "No benefit shown;\ntrial stopped early", False),
        ("United States", "2022", 256, "No difference\nin length of life", False),
        ("Japan", "2023", 407, "No clear difference\nin length of life", False),
    ]
    sheet.words(40, 66, "Trial", 34, GREY, bold=True)
    sheet.words(330, 66, "People compared", 34, GREY, bold=True)
    sheet.words(790, 66, "What came out", 34, GREY, bold=True)
    for n, (place, year, people, result, longer) in enumerate(rows):
        y = 110 + n * 166
        sheet.box(24, y, 1152, 150, TEAL_TINT if longer else SUNKEN)
        sheet.words(48, y + 52, place, 36, bold=True)
        sheet.words(48, y + 102, year, 32, GREY)
        sheet.box(330, y + 42, people * 0.82, 66, TEAL if longer else PLUM, radius=12)
        sheet.words(330 + people * 0.82 + 16, y + 75, str(people), 36, bold=True)
        sheet.words(790, y + 75, result, 34)
    sheet.save("five-trials.png")


def cell(sheet: Sheet, x: float, y: float, antennae: int, faint: bool = False) -> None:
    fill = PLUM_PALE if faint else PLUM
    for n in range(antennae):
        angle = 2 * math.pi * n / antennae - math.pi / 2
        inner, outer = 72, 102
        tip = (x + outer * math.cos(angle), y + outer * math.sin(angle))
        sheet.stroke([(x + inner * math.cos(angle), y + inner * math.sin(angle)), tip], fill, 7)
        sheet.disc(*tip, 10, fill)
    sheet.disc(x, y, 76, PLUM_TINT, PLUM_MID, 5)
    sheet.disc(x, y, 28, PLUM_PALE)


def her2_scale() -> None:
    sheet = Sheet.blank(730)
    sheet.words(600, 62, "How much HER2 does the stain show?", 46, bold=True, anchor="mm")
    columns = [
        (0, False, "0", "none"),
        (3, True, "0", "faint trace"),
        (5, False, "1+", "a few"),
        (11, False, "2+", "some"),
        (24, False, "3+", "a lot"),
    ]
    for n, (antennae, faint, score, amount) in enumerate(columns):
        x = 130 + n * 235
        cell(sheet, x, 230, antennae, faint)
        sheet.words(x, 396, score, 58, PLUM, bold=True, anchor="mm")
        sheet.words(x, 458, amount, 36, anchor="mm")
    bands = [
        (24, 212, "HER2-zero", PLUM_TINT, PLUM),
        (259, 212, "ultralow", PLUM_TINT, PLUM),
        (494, 447, "HER2-low", PLUM, PAPER),
        (964, 212, "positive", PLUM_TINT, PLUM),
    ]
    for x, width, label, fill, ink in bands:
        sheet.box(x, 512, width, 92, fill, radius=18)
        sheet.words(x + width / 2, 558, label, 38, ink, bold=True, anchor="mm")
    hint = "2+ needs a second test. Negative: HER2-low. Positive: HER2-positive."
    sheet.words(600, 672, hint, 34, GREY, anchor="mm")
    sheet.save("her2-scale.png")


def sample_to_label() -> None:
    sheet = Sheet.blank(1010)
    steps = ["A small sample\nis taken", "A stain shows\nHER2 (IHC)", "A doctor gives\nthe score"]
    for n, label in enumerate(steps):
        x = 30 + n * 395
        sheet.box(x, 40, 350, 210, PLUM_TINT)
        sheet.disc(x + 175, 92, 36, PLUM)
        sheet.words(x + 175, 92, str(n + 1), 40, PAPER, bold=True, anchor="mm")
        sheet.words(x + 175, 184, label, 38, anchor="mm")
        if n < 2:
            sheet.arrow(x + 354, 145, x + 391, 145)
    sheet.stroke([(995, 254), (995, 300), (205, 300)], GREY, 6)
    for x in (205, 600, 995):
        sheet.arrow(x, 300, x, 350)
    none, gene = "no second test", "gene test (ISH)"
    for x, score, after in ((30, "0 or 1+", none), (425, "2+", gene), (820, "3+", none)):
        sheet.box(x, 356, 350, 176, SUNKEN, LINE)
        sheet.words(x + 175, 414, score, 52, PLUM, bold=True, anchor="mm")
        sheet.words(x + 175, 482, after, 38, anchor="mm")
    sheet.arrow(205, 540, 205, 690)
    sheet.arrow(530, 540, 360, 690)
    sheet.arrow(670, 540, 840, 690)
    sheet.arrow(995, 540, 995, 690)
    sheet.words(404, 584, "negative", 34, GREY, anchor="rm")
    sheet.words(796, 584, "positive", 34, GREY, anchor="lm")
    sheet.disc(600, 716, 36, PLUM)
    sheet.words(600, 716, "4", 40, PAPER, bold=True, anchor="mm")
    sheet.words(600, 826, "Your\nreport", 38, anchor="mm")
    sheet.box(30, 700, 470, 270, TEAL_TINT)
    sheet.words(265, 762, "0: zero or ultralow", 40, TEAL, bold=True, anchor="mm")
    sheet.words(265, 834, "1+: HER2-low", 40, TEAL, bold=True, anchor="mm")
    sheet.words(265, 906, "2+, negative: HER2-low", 40, TEAL, bold=True, anchor="mm")
    sheet.box(700, 700, 470, 270, PLUM)
    sheet.words(935, 835, "HER2-positive", 48, PAPER, bold=True, anchor="mm")
    sheet.save("sample-to-label.png")


def half_of_people() -> None:
    sheet = Sheet.blank(860)
    for n in range(100):
        x, y = 70 + (n % 10) * 68, 50 + (n // 10) * 78
        fill = PLUM if n < 46 else PLUM_PALE
        sheet.disc(x, y + 14, 14, fill)
        sheet.box(x - 19, y + 31, 38, 34, fill, radius=15)
    sheet.words(950, 250, "46", 190, PLUM, bold=True, anchor="mm")
    sheet.words(950, 400, "in 100 people", 50, bold=True, anchor="mm")
    sheet.words(950, 528, "who take an\naromatase inhibitor\nreport joint pain", 42, anchor="mm")
    sheet.words(950, 730, "Single studies:\n20 to 74 in 100", 36, GREY, anchor="mm")
    sheet.save("half-of-people.png")


def pain_diary() -> None:
    sheet = Sheet.blank(960)
    week = [
        ("Mon", 6, "stiff hands for an hour"),
        ("Tue", 5, "walked for half an hour"),
        ("Wed", 8, "bad night"),
        ("Thu", 4, "swimming"),
        ("Fri", 5, "rest day"),
        ("Sat", 6, "garden"),
        ("Sun", 3, "better"),
    ]
    sheet.box(24, 24, 1152, 912, SUNKEN, LINE, radius=28)
    sheet.words(64, 92, "My week", 50, PLUM, bold=True)
    sheet.words(1136, 92, "worst pain of the day, from 0 to 10", 34, GREY, anchor="rm")
    for n, (day, score, note) in enumerate(week):
        y = 144 + n * 112
        sheet.box(48, y, 1104, 96, PAPER, radius=16)
        sheet.words(72, y + 48, day, 40, bold=True)
        for step in range(10):
            sheet.box(186 + step * 43, y + 28, 34, 40, PLUM if step < score else PLUM_PALE, radius=8)
        sheet.words(668, y + 48, str(score), 42, PLUM, bold=True, anchor="mm")
        sheet.words(724, y + 48, note, 36)
    sheet.save("pain-diary.png")


DRAWINGS: tuple[Callable[[], None], ...] = (
    local_and_whole_body,
    five_trials,
    her2_scale,
    sample_to_label,
    half_of_people,
    pain_diary,
)


def main() -> None:
    FIGURES.mkdir(exist_ok=True)
    for draw in DRAWINGS:
        draw()


if __name__ == "__main__":
    main()
