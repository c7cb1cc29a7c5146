"""Reads a page's form as a browser without script would send it."""

from html.parser import HTMLParser

from django.http import HttpResponse


class PlainForm(HTMLParser):
    """The fields, with their values, of the form that holds a field named `version`."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__()
        self.fields: dict[str, list[str]] = {}
        self.buttons: list[tuple[str, str]] = []
        self.open: list[dict[str, list[str]]] = []
        self.text: list[str] | None = None
        self.select = ""
        self.feed(response.content.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "form":
            self.open.append({})
        elif tag == "input":
            self.take_input(name, given)
        elif tag == "textarea":
            self.text = []
            self.put(name, "")
            self.area = name
        elif tag == "select":
            self.select = name
        elif tag == "option" and "selected" in given:
            self.put(self.select, given["value"])
        elif tag == "button" and name:
            self.buttons.append((name, given.get("value", "")))

    def take_input(self, name: str, given: dict[str, str]) -> None:
        kind = given.get("type", "text")
        if kind in ("file", "submit") or not name:
            return
        if kind in ("checkbox", "radio") and "checked" not in given:
            return
        self.put(name, given.get("value", "on" if kind == "checkbox" else ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self.text is not None:
            # Browsers leave out the line end right after the tag, and send line ends as CR LF.
            self.open[-1][self.area] = ["".join(self.text).removeprefix("\n").replace("\n", "\r\n")]
            self.text = None
        elif tag == "form":
            closed = self.open.pop()
            if "version" in closed:
                self.fields = closed

    def handle_data(self, data: str) -> None:
        if self.text is not None:
            self.text.append(data)

    def put(self, name: str, value: str) -> None:
        if self.open and name and name != "csrfmiddlewaretoken":
            self.open[-1].setdefault(name, []).append(value)


def filled(response: HttpResponse, **changes: str) -> dict[str, list[str] | str]:
    """What the form on this page sends, with `changes`; "_" in a name stands for "-"."""
    fields = PlainForm(response).fields
    assert fields, "no form with a field named version on this page"
    return {
        **fields,
        **{name if name in fields else name.replace("_", "-"): value for name, value in changes.items()},
    }
