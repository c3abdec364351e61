"""Search: finding anything anyone ever wrote here, on PostgreSQL alone."""
