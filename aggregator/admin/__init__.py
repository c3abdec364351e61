"""The admin's desk for blogs, their feeds, posts and tags: one module a noun."""

from aggregator.admin.blog import BlogAdmin
from aggregator.admin.feed import FeedAdmin
from aggregator.admin.post import PostAdmin
from aggregator.admin.tag import TagAdmin

__all__ = ["BlogAdmin", "FeedAdmin", "PostAdmin", "TagAdmin"]
