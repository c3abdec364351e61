"""The nouns of the aggregator, one a file."""

from aggregator.models.activity import Activity
from aggregator.models.blog import Audience, Blog
from aggregator.models.digest import Digest, DigestState
from aggregator.models.enclosure import Enclosure
from aggregator.models.feed import Feed, FeedKind, FeedState
from aggregator.models.post import Post
from aggregator.models.reading import Reading
from aggregator.models.saved_search import MatchTally, SavedSearch, SavedSearchKey
from aggregator.models.searchable import Searchable, SearchForm, SearchMonth, SearchTally, SearchWord
from aggregator.models.tag import Tag, TaggedPost
from aggregator.models.tombstone import Tombstone
from aggregator.models.vote import PostVote

__all__ = [
    "Activity",
    "Audience",
    "Blog",
    "Digest",
    "DigestState",
    "Enclosure",
    "Feed",
    "FeedKind",
    "FeedState",
    "MatchTally",
    "Post",
    "PostVote",
    "Reading",
    "SavedSearch",
    "SavedSearchKey",
    "SearchForm",
    "SearchMonth",
    "SearchTally",
    "SearchWord",
    "Searchable",
    "Tag",
    "TaggedPost",
    "Tombstone",
]
