"""Celery's way in: ids in, one domain call, safe to run twice."""
