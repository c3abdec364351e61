"""Push: others say that a blog has something new, so that its post is here in seconds rather than at the next poll.

``pushes`` takes their word and has the feed polled; nothing that they send is ever stored, so a lie costs one poll.
Three ways lead there: ``hooks`` (a blog's own secret address), ``pinging`` with ``xmlrpc`` (weblogUpdates), and WebSub:
``leases`` (what a hub has promised), ``asking`` (the requests for it) and ``signatures``.
"""
