"""What has become of a row, and of a whole import, in plain words. Owns the sentences only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _, ngettext

from aggregator.importing.owners import Owners
from aggregator.models import BlogImport, ImportRow, RowState
from aggregator.polling.formats import format_name


def _found(row: ImportRow) -> str:
    preview = row.preview or {}
    posts = int(preview.get("post_count", 0))
    values = {
        "title": title_of(row),
        "format": format_name(preview.get("format", "")),
        "posts": ngettext("%(count)d post", "%(count)d posts", posts) % {"count": posts},
    }
    return _("%(title)s (%(format)s, %(posts)s)") % values


_OUTCOMES: Mapping[RowState, Callable[[ImportRow], str]] = {
    RowState.WAITS: lambda row: "",
    RowState.READY: _found,
    RowState.CHOSEN: _found,
    RowState.REGISTERED: lambda row: row.blog.title if row.blog else _("removed since"),
    RowState.KNOWN: lambda row: row.blog.title if row.blog else _("removed since"),
    RowState.DOUBLE: lambda row: (
        _("the same blog as line %(line)d") % {"line": row.same_as.line} if row.same_as else ""
    ),
    RowState.FAILED: lambda row: row.outcome,
}


def outcome_words(row: ImportRow) -> str:
    """“Engine Lab (RSS 2.0, 20 posts)”, “the same blog as line 3”, or why there is none."""
    return _OUTCOMES[RowState(row.state)](row)


def title_of(row: ImportRow) -> str:
    """What the blog will be called: as its feed says, else as the list says, else by its host."""
    preview = row.preview or {}
    title, feed_url = str(preview.get("title", "")), str(preview.get("feed_url", ""))
    is_host = title and title == feed_url.partition("://")[2].partition("/")[0][: len(title)]
    return row.title if is_host and row.title else title


def owner_words(owners: Owners) -> list[str]:
    """Who will own the blog, and whom the list names in vain; one sentence each."""
    said = []
    if owners.people:
        said.append(_("Owner: %(names)s") % {"names": ", ".join(map(str, owners.people))})
    if owners.mail:
        said.append(_("%(mail)s is nobody's here yet; its holder is asked to claim the blog") % {"mail": owners.mail})
    said += [_("Nobody is called %(name)s") % {"name": name} for name in owners.unknown]
    said += [_("More than one person has the address %(name)s") % {"name": name} for name in owners.shared]
    return said


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is: ``done`` of ``total`` rows, of a dry run or of those that are to be registered."""

    done: int
    total: int
    is_at_work: bool
    is_stopped: bool
    words: str

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 100


def progress_of(blog_import: BlogImport, counts: Mapping[str, int]) -> Progress:
    """Registering goes before looking, as it does in work; at the end it is what has been done."""
    total = sum(counts.values())
    registered, chosen, waits = (counts[state] for state in (RowState.REGISTERED, RowState.CHOSEN, RowState.WAITS))
    registers = bool(chosen or (registered and not waits))
    done, goal = (registered, registered + chosen) if registers else (total - waits, total)
    pending = chosen + waits
    values = {"done": done, "total": goal}
    words = (_("%(done)d of %(total)d registered") if registers else _("%(done)d of %(total)d looked at")) % values
    return Progress(
        done, goal, blog_import.is_running and pending > 0, not blog_import.is_running and pending > 0, words
    )
