"""XML-RPC as far as pings need it (xmlrpc.com/spec): a call of strings is read, a struct or a fault is written.

Reads with expat itself, without a document type: no entity can grow, none can be asked for. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from xml.parsers import expat
from xml.sax.saxutils import escape

MAX_CALL = 65_536  # bytes
MAX_DEPTH = 16
MAX_ARGUMENTS = 16

# Codes of the specification for fault code interoperability
NOT_A_CALL, NO_SUCH_METHOD, BAD_ARGUMENTS = -32700, -32601, -32602

_VALUE = ["methodCall", "params", "param", "value"]
_NAME = ["methodCall", "methodName"]


class CallError(ValueError):
    """The body is no call that can be answered; ``code`` says why."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Call:
    """``arguments`` are strings; of arrays, structs and the like there is only an empty one."""

    method: str
    arguments: tuple[str, ...]


def read_call(body: bytes) -> Call:
    """The call in ``body``; raises CallError."""
    reader = _Reader()
    try:
        reader.parser.Parse(body, True)
    except (expat.ExpatError, ValueError, LookupError) as error:  # LookupError: an encoding that nobody knows
        raise CallError(NOT_A_CALL, "This is not a call of XML-RPC.") from error
    if not reader.method:
        raise CallError(NOT_A_CALL, "This is not a call of XML-RPC.")
    return Call(reader.method.strip(), tuple(argument.strip() for argument in reader.arguments))


class _Reader:
    """Follows expat through one call."""

    def __init__(self) -> None:
        self.method = ""
        self.arguments: list[str] = []
        self._path: list[str] = []
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def _refuse(self, *_declared: object) -> None:
        raise ValueError("a document type")

    def _start(self, name: str, _attributes: object) -> None:
        self._path.append(name)
        if len(self._path) > MAX_DEPTH:
            raise ValueError("too deep")
        if self._path == _VALUE:
            self.arguments.append("")
            if len(self.arguments) > MAX_ARGUMENTS:
                raise ValueError("too many arguments")

    def _end(self, _name: str) -> None:
        self._path.pop()

    def _text(self, text: str) -> None:
        if self._path == _NAME:
            self.method += text
        elif self._path in (_VALUE, [*_VALUE, "string"]):  # a value without a type is a string
            self.arguments[-1] += text


def answer(message: str, *, error: bool) -> bytes:
    """What ``weblogUpdates`` answers with."""
    members = (
        f"<member><name>flerror</name><value><boolean>{int(error)}</boolean></value></member>"
        f"<member><name>message</name><value><string>{escape(message)}</string></value></member>"
    )
    return _response(f"<params><param><value><struct>{members}</struct></value></param></params>")


def fault(error: CallError) -> bytes:
    """What a call is answered with that cannot be read or is none of ours."""
    members = (
        f"<member><name>faultCode</name><value><int>{error.code}</int></value></member>"
        f"<member><name>faultString</name><value><string>{escape(str(error))}</string></value></member>"
    )
    return _response(f"<fault><value><struct>{members}</struct></value></fault>")


def _response(inside: str) -> bytes:
    return f'<?xml version="1.0" encoding="utf-8"?><methodResponse>{inside}</methodResponse>'.encode()
