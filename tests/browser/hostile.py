"""Pages that show what strangers wrote, many at once, and what must not happen on them.

The content security policy is switched off, so that it is the cleaning that is shown to hold. Each page is loaded
as a reader's browser loads it, with our scripts and the strangers' pictures, in a frame of its own, many of them side
by side in one page. What a page may not hold is the business of the tests; here is told what ran.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from playwright.sync_api import Page

from bloghub.people.models import Person
from tests.browser.conftest import OpenPage
from tests.corpus import CORPUS

_AT_ONCE = 40  # frames
# Our own styles take a third of the time and change nothing of what runs. (Intercepting would switch the cache off.)
_LOOK = ["*/static/*.css", "*/static/*.woff2", "*/static/*.svg"]
# Whatever an attack would call sets the global; so does a dialog
_TRIPWIRE = """
for (const name of ["alert", "confirm", "prompt", "print"])
    Object.defineProperty(window, name, {value: () => { window.__pwn = name }, writable: false});
document.write = document.writeln = () => { window.__pwn = "document.write" };
"""
# A picture's error and what a focus or an animation starts come before or soon after a frame has loaded
_FRAMES = """async ([paths, inspect]) => {
    const frames = paths.map((path) => {
        const frame = document.createElement("iframe");
        frame.width = 800; frame.height = 600; frame.src = path;
        return frame;
    });
    const loaded = frames.map((frame) => new Promise((done) => frame.addEventListener("load", done, {once: true})));
    document.body.replaceChildren(...frames);
    await Promise.all(loaded);
    await new Promise((done) => setTimeout(done, 60));
    const wrong = window.__pwn === undefined ? [] : [[paths, "ran around it: " + window.__pwn]];
    frames.forEach((frame, number) => {
        const path = paths[number], inside = frame.contentWindow, tell = (line) => wrong.push([path, line]);
        if (!frame.contentDocument) return tell("is no page of ours");
        const [visit] = inside.performance.getEntriesByType("navigation");
        const there = inside.location.href === new URL(path, location).href || visit.redirectCount > 0;
        if (!there) tell("went to " + inside.location.href);
        if (visit.responseStatus !== 200) tell("answered " + visit.responseStatus);
        if (inside.__pwn !== undefined) tell("ran: " + inside.__pwn);
        inside.eval(inspect)().forEach(tell);
    });
    return wrong;
}"""


def vectors() -> list[dict[str, Any]]:
    """Every published attack of the corpus."""
    found = []
    for path in sorted((CORPUS / "xss").glob("*.json")):
        found += json.loads(path.read_text()).get("vectors", [])
    return found


def guarded(open_page: OpenPage, person: Person) -> Page:
    """A page of this person's where a script that runs is told of."""
    page = open_page("/settings/notifications/", person=person, bypass_csp=True)
    page.context.add_init_script(_TRIPWIRE)
    page.on("dialog", lambda dialog: dialog.dismiss())
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Network.setBlockedURLs", {"urls": _LOOK})
    page.reload()
    return page


def looked_at(page: Page, paths: Sequence[str], inspect: str = "() => []") -> list[str]:
    """What is wrong on these pages: what ran, where a page led away, and what ``inspect`` (a function in JavaScript
    that gives a list of texts) finds. Needs the fixture ``framed``.
    """
    found = []
    for start in range(0, len(paths), _AT_ONCE):
        found += page.evaluate(_FRAMES, [paths[start : start + _AT_ONCE], f"({inspect})"])
    return [f"{path}: {line}" for path, line in found]
