"""The nouns of the conversation, one a file."""

from comments.models.claim import Claim
from comments.models.comment import Comment, CommentState, Origin
from comments.models.flag import Flag, FlagReason, FlagState
from comments.models.guidelines import Acceptance, Guidelines
from comments.models.moderation import ModerationAct, ModerationKind, moderates
from comments.models.revision import Revision
from comments.models.suspension import Suspension
from comments.models.thread import Thread
from comments.models.vote import CommentVote
from comments.models.watch import Watch, WatchReason

__all__ = [
    "Acceptance",
    "Claim",
    "Comment",
    "CommentState",
    "CommentVote",
    "Flag",
    "FlagReason",
    "FlagState",
    "Guidelines",
    "ModerationAct",
    "ModerationKind",
    "Origin",
    "Revision",
    "Suspension",
    "Thread",
    "Watch",
    "WatchReason",
    "moderates",
]
