"""The pages of the aggregator, a noun a file; what each may show is asked with ``visible_to(request.user)``."""
