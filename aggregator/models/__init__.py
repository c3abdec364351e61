"""The nouns of the aggregator, one a file."""

from aggregator.models.activity import Activity
from aggregator.models.appearance import Appearance
from aggregator.models.blog import Audience, Blog
from aggregator.models.blog_import import BlogImport, ImportRow, RowState
from aggregator.models.digest import Digest, DigestState
from aggregator.models.enclosure import Enclosure
from aggregator.models.feed import Feed, FeedKind, FeedState, MoveState
from aggregator.models.host import CredentialScheme, Host, HostCredential
from aggregator.models.poll_hour import PollHour
from aggregator.models.post import Post
from aggregator.models.push import Push, PushWay
from aggregator.models.reading import Reading
from aggregator.models.saved_search import MatchTally, SavedSearch, SavedSearchKey
from aggregator.models.searchable import Searchable, SearchForm, SearchMonth, SearchTally, SearchWord
from aggregator.models.suggestion import Suggestion, SuggestionState
from aggregator.models.tag import Tag, TaggedPost
from aggregator.models.tombstone import Tombstone
from aggregator.models.vote import PostVote
from aggregator.models.websub import LeaseState, WebSubLease

__all__ = [
    "Activity",
    "Appearance",
    "Audience",
    "Blog",
    "BlogImport",
    "CredentialScheme",
    "Digest",
    "DigestState",
    "Enclosure",
    "Feed",
    "FeedKind",
    "FeedState",
    "Host",
    "HostCredential",
    "ImportRow",
    "LeaseState",
    "MatchTally",
    "MoveState",
    "PollHour",
    "Post",
    "PostVote",
    "Push",
    "PushWay",
    "Reading",
    "RowState",
    "SavedSearch",
    "SavedSearchKey",
    "SearchForm",
    "SearchMonth",
    "SearchTally",
    "SearchWord",
    "Searchable",
    "Suggestion",
    "SuggestionState",
    "Tag",
    "TaggedPost",
    "Tombstone",
    "WebSubLease",
]
