"""Addresses of the conversation. Numbers decide which post or comment it is."""

from __future__ import annotations

from django.urls import path

from comments.views import claim, comment, comment_vote, flag, guidelines, moderation, reading, thread, watch

app_name = "comments"

urlpatterns = [
    path("posts/<int:pk>/comments/", thread.comment_list, name="comment-list"),
    path("posts/<int:pk>/comments/fresh/", thread.comment_fresh, name="comment-fresh"),
    path("posts/<int:pk>/reading/", reading.reading_create, name="reading-create"),
    path("comments/<int:pk>/", thread.comment_detail, name="comment-detail"),
    path("posts/<int:pk>/comments/new/", comment.comment_create, name="comment-create"),
    path("comments/<int:pk>/edit/", comment.comment_edit, name="comment-edit"),
    path("comments/<int:pk>/delete/", comment.comment_delete, name="comment-delete"),
    path("comments/<int:pk>/undelete/", comment.comment_undelete, name="comment-undelete"),
    path("comments/<int:pk>/vote/", comment_vote.comment_vote_create, name="comment-vote-create"),
    path("comments/<int:pk>/vote/delete/", comment_vote.comment_vote_delete, name="comment-vote-delete"),
    path("posts/<int:pk>/watch/", watch.watch_create, name="watch-create"),
    path("posts/<int:pk>/watch/delete/", watch.watch_delete, name="watch-delete"),
    path("posts/<int:pk>/watch/mute/", watch.watch_mute, name="watch-mute"),
    path("comments/<int:pk>/flag/", flag.flag_create, name="flag-create"),
    path("comments/<int:pk>/flags/", flag.flag_list, name="flag-list"),
    path("comments/<int:pk>/flags/reply/", flag.flag_reply_create, name="flag-reply-create"),
    path("flags/<int:pk>/", flag.flag_detail, name="flag-detail"),
    path("flags/<int:pk>/renewal/", flag.flag_renewal_create, name="flag-renewal-create"),
    path("guidelines/", guidelines.guidelines_detail, name="guidelines-detail"),
    path("guidelines/<int:pk>/", guidelines.guidelines_detail, name="guidelines-detail"),
    path("guidelines/<int:pk>/acceptance/", guidelines.acceptance_create, name="acceptance-create"),
    path("moderation/", moderation.moderation_list, name="moderation-list"),
    path("moderation/log/", moderation.act_list, name="act-list"),
    path("moderation/acts/<int:pk>/", moderation.act_detail, name="act-detail"),
    path("moderation/comments/<int:pk>/", moderation.moderation_detail, name="moderation-detail"),
    path("moderation/comments/<int:pk>/hiding/", moderation.hiding_create, name="hiding-create"),
    path("moderation/comments/<int:pk>/hiding/delete/", moderation.hiding_delete, name="hiding-delete"),
    path("moderation/comments/<int:pk>/approval/", moderation.approval_create, name="approval-create"),
    path("moderation/comments/<int:pk>/dismissal/", moderation.dismissal_create, name="dismissal-create"),
    path("moderation/comments/<int:pk>/lock/", moderation.lock_create, name="lock-create"),
    path("moderation/comments/<int:pk>/lock/delete/", moderation.lock_delete, name="lock-delete"),
    path("moderation/comments/<int:pk>/pace/", moderation.pace_edit, name="pace-edit"),
    path("moderation/comments/<int:pk>/suspension/", moderation.suspension_create, name="suspension-create"),
    path("moderation/suspensions/<int:pk>/delete/", moderation.suspension_delete, name="suspension-delete"),
    path("claims/<str:token>/", claim.claim_create, name="claim-create"),
]
