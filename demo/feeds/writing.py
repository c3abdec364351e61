"""Writing XML: elements, and the names of their dialects."""

from __future__ import annotations

import xml.etree.ElementTree as ET

ATOM = "http://www.w3.org/2005/Atom"
ATOM03 = "http://purl.org/atom/ns#"
CONTENT = "http://purl.org/rss/1.0/modules/content/"
DC = "http://purl.org/dc/elements/1.1/"
ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RSS10 = "http://purl.org/rss/1.0/"
XHTML = "http://www.w3.org/1999/xhtml"
XML = "http://www.w3.org/XML/1998/namespace"

# The prefixes people expect to see when they open a feed. A format's own namespace is written as its root's
# xmlns, since ElementTree cannot make a default namespace of it beside others.
for _prefix, _uri in {"atom": ATOM, "content": CONTENT, "dc": DC, "itunes": ITUNES, "rdf": RDF}.items():
    ET.register_namespace(_prefix, _uri)


def add(parent: ET.Element, name: str, text: str, attributes: dict[str, str] | None = None, **more: str) -> ET.Element:
    """An element with text, in Clark notation where it has a namespace."""
    element = ET.SubElement(parent, name, attributes or {}, **more)
    element.text = text
    return element


def write(root: ET.Element) -> bytes:
    """The document, a line for each element."""
    ET.indent(root, " ")
    return encode(root)


def encode(root: ET.Element) -> bytes:
    """The document as it is, in UTF-8."""
    encoded: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)  # typeshed says Any
    return encoded
