"""The nouns of the aggregator, one a file."""

from aggregator.models.blog import Audience, Blog
from aggregator.models.enclosure import Enclosure
from aggregator.models.feed import Feed, FeedKind, FeedState
from aggregator.models.post import Post
from aggregator.models.tag import Tag, TaggedPost
from aggregator.models.tombstone import Tombstone

__all__ = ["Audience", "Blog", "Enclosure", "Feed", "FeedKind", "FeedState", "Post", "Tag", "TaggedPost", "Tombstone"]
