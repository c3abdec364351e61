"""One event, one line: what strangers write (paths, names, titles) cannot forge a second line or colour a terminal."""

from __future__ import annotations

import logging
import re

# Addresses whose last part is a secret: who reads a log shall not be able to use it
_SECRET = re.compile(r"(/(?:hook|websub)/)[\w-]+")
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class LineFormatter(logging.Formatter):
    """Escapes control characters in the message; a traceback follows indented, each line escaped too."""

    def format(self, record: logging.LogRecord) -> str:
        first, *rest = super().format(record).split("\n") if record.exc_info else [super().format(record)]
        return "\n    ".join(
            _UNPRINTABLE.sub(lambda found: ascii(found.group())[1:-1], _SECRET.sub(r"\1…", line))
            for line in (first, *rest)
        )
