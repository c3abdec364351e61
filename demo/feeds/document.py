"""What a feed is built from. Owns what posts are called there: tag URIs, links, addresses of mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from demo.company import Blog, DatedPost, Person, Post


@dataclass(frozen=True, slots=True)
class Document:
    """What a feed is built from: the blog, the company's domain, posts newest first, the server's address."""

    blog: Blog
    domain: str
    address: str
    posts: tuple[DatedPost, ...]

    @property
    def homepage(self) -> str:
        return self.address + self.blog.path

    @property
    def url(self) -> str:
        return self.address + self.blog.feed_path

    @property
    def updated_at(self) -> datetime:
        return max((item.updated_at for item in self.posts), default=datetime(2000, 1, 1, tzinfo=UTC))

    def guid(self, post: Post) -> str:
        """A tag URI (RFC 4151): it stays the same when the demo's port changes."""
        return f"tag:{self.domain},2020:{post.blog.slug}/{post.slug}"

    def link(self, post: Post) -> str:
        return self.address + post.path

    def email(self, person: Person) -> str:
        return f"{person.username}@{self.domain}"
