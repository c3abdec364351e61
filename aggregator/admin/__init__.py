"""The admin's desk for blogs, their feeds, posts and tags: one module a noun."""

from aggregator.admin.blog import BlogAdmin
from aggregator.admin.blog_import import BlogImportAdmin
from aggregator.admin.credential import HostCredentialAdmin
from aggregator.admin.feed import FeedAdmin
from aggregator.admin.post import PostAdmin
from aggregator.admin.suggestion import SuggestionAdmin
from aggregator.admin.tag import TagAdmin

__all__ = [
    "BlogAdmin",
    "BlogImportAdmin",
    "FeedAdmin",
    "HostCredentialAdmin",
    "PostAdmin",
    "SuggestionAdmin",
    "TagAdmin",
]
