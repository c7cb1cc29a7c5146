"""The open crisis case of a comment, for whoever moderates it."""

from django import template

from .. import cases, transparency

register = template.Library()


@register.simple_tag
def crisis_case(comment, viewer):
    return cases.about(comment, viewer)


register.filter("how_long", transparency.in_words)


@register.filter
def in_words(step):
    return cases.in_words(step)
