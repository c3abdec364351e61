"""The pages of the conversation, a noun a file; what each may show is asked with ``visible_to(request.user)``."""
