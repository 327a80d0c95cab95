"""What Arabic changes in a Word document beside its words, changed back: direction, alignment, a size of its own."""

from __future__ import annotations

from typing import Any, Final

NAMESPACE: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
W: Final = f"{{{NAMESPACE}}}"


def names(plain: str) -> tuple[str, ...]:
    """These element names, in Word's namespace."""
    return tuple(f"{W}{name}" for name in plain.split())


_COMPLEX: Final = dict(zip(names("bCs iCs szCs"), names("b i sz"), strict=True))  # what only Arabic goes by
_AFTER_BIDI: Final = names(
    "adjustRightInd snapToGrid spacing ind contextualSpacing mirrorIndents suppressOverlap jc textDirection "
    "textAlignment textboxTightWrap outlineLvl divId cnfStyle rPr sectPr pPrChange"
)


def turn_around(root: Any) -> None:
    """Make tables, sections and runs go from left to right; Arabic has a size and a weight of its own, now theirs."""
    for element in list(root.iter(f"{W}bidiVisual", f"{W}rtlGutter")):
        element.getparent().remove(element)
    for section in root.iter(f"{W}sectPr"):
        for bidi in section.findall(f"{W}bidi"):
            section.remove(bidi)
    for style in root.iter(f"{W}rPr"):
        turned = style.find(f"{W}rtl")
        if turned is None or turned.get(f"{W}val") in ("0", "false", "off"):
            continue
        style.remove(turned)
        for arabic, latin in _COMPLEX.items():
            own, other = style.find(arabic), style.find(latin)
            if own is not None and other is not None:
                style.remove(other)
            if own is not None:
                own.addprevious(own.makeelement(latin, dict(own.attrib)))


def set_direction(paragraph: Any, *, changed: bool) -> None:
    """Make the paragraph run from left to right; one that was only aligned to the right, because it was Arabic, too."""
    properties = paragraph.find(f"{W}pPr")
    if properties is None:
        properties = paragraph.makeelement(f"{W}pPr")
        paragraph.insert(0, properties)
    was = properties.findall(f"{W}bidi")
    for bidi in was:
        properties.remove(bidi)
    alignment = properties.find(f"{W}jc")
    if changed and not was and alignment is not None and alignment.get(f"{W}val") in ("right", "end"):
        properties.remove(alignment)
    bidi = properties.makeelement(f"{W}bidi", {f"{W}val": "0"})  # its style may say otherwise
    following = next((child for child in properties if child.tag in _AFTER_BIDI), None)
    properties.append(bidi) if following is None else following.addprevious(bidi)
