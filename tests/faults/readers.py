"""Colleagues at a hub that is in trouble: they go on reading and writing, and remember what they were told."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException
from typing import Self
from urllib.parse import urlencode
from uuid import uuid4

from tests.hub import Hub

SIGN_IN = """
from django.conf import settings
from django.test import Client
from bloghub.people.models import Person
for number in range({people}):
    client = Client()
    client.force_login(Person.objects.create(username=f"reader-{{number}}"))
    print("session:" + client.cookies[settings.SESSION_COOKIE_NAME].value)
"""
PAUSE = 0.3  # s between two comments: there are two from each, and they should last
TOKEN = "t" * 32  # of the forms: what the cookie says is what the field must say


class Readers:
    """Colleagues who write one comment after the other, and look at the river in between, until told to stop."""

    def __init__(self, hub: Hub, people: int) -> None:
        self.hub, self.post = hub, hub.value("SELECT min(id) FROM aggregator_post")
        said = hub.manage("shell", "-v0", "-c", SIGN_IN.format(people=people)).stdout
        self.sessions = re.findall(r"session:(\w+)", said)
        self.statuses: Counter[int] = Counter()
        self.taken: set[str] = set()  # what was written and acknowledged
        self.hasty: list[str | None] = []  # Retry-After of each 503
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(60)

    def check(self) -> None:
        """What was acknowledged is there, once; whoever had to wait was told when to come again."""
        found = Counter(row[0] for row in self.hub.rows("SELECT body FROM comments_comment"))
        assert self.taken <= found.keys()
        assert max(found.values()) == 1
        assert set(self.hasty) <= {"10"}
        assert set(self.statuses) <= {0, 200, 302, 303, 503}, self.statuses

    def page(self) -> int:
        return self._ask("GET", "/latest/", self.sessions[0])

    def _write(self) -> None:
        for number, session in enumerate(self.sessions * 2):
            text, key = f"Comment-{number}", str(uuid4())
            form = {"body": text, "key": key, "csrfmiddlewaretoken": TOKEN}
            while not self._stop.is_set():  # as one who presses the button again
                if self._ask("POST", f"/posts/{self.post}/comments/new/", session, form) in {302, 303}:
                    self.taken.add(text)
                    break
                time.sleep(0.2)
            self._ask("GET", "/latest/", session)
            self._stop.wait(PAUSE)

    def _ask(self, method: str, path: str, session: str, form: dict[str, str] | None = None) -> int:
        """The status of the answer, 0 when there was none."""
        port = self.hub.port
        headers = {"Cookie": f"session_{port}={session}; csrf_{port}={TOKEN}"}
        headers |= {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
        status = 0
        with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection, suppress(OSError, HTTPException):
            connection.request(method, path, urlencode(form or {}), headers)
            answer = connection.getresponse()
            status = answer.status
            if status == 503:
                self.hasty.append(answer.headers["Retry-After"])
        self.statuses[status] += 1
        return status
