# One image for web, worker, beat and migrate; docker-compose.yml says which is which. Nothing in it is secret.
FROM python:3.11-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /srv/bloghub
COPY requirements.txt ./
# Wheels only: no compiler here either, and what is installed is what the hashes name
RUN python -m venv /venv && /venv/bin/pip install --quiet --only-binary :all: --require-hashes -r requirements.txt
COPY manage.py ./
COPY bloghub bloghub
COPY aggregator aggregator
COPY comments comments
COPY templates templates
COPY static static
# The secrets made for this one command stay behind in this stage
RUN BLOGHUB_DATA_DIR=/tmp/build BLOGHUB_STATIC_ROOT=/srv/bloghub/staticfiles \
    /venv/bin/python manage.py collectstatic --noinput --verbosity 0 && \
    /venv/bin/python -m compileall -q bloghub aggregator comments manage.py

FROM python:3.11-slim
RUN groupadd --system --gid 10001 bloghub && \
    useradd --system --uid 10001 --gid bloghub --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin bloghub && \
    install -d -m 0700 -o bloghub -g bloghub /var/lib/bloghub/mail
COPY --from=build /venv /venv
COPY --from=build /srv/bloghub /srv/bloghub
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    PORT=8000 BLOGHUB_STATIC_ROOT=/srv/bloghub/staticfiles BLOGHUB_DATA_DIR=/tmp/bloghub
WORKDIR /srv/bloghub
USER 10001:10001
EXPOSE 8000
# Of web; worker and beat have their own in docker-compose.yml
HEALTHCHECK --interval=15s --timeout=6s --start-period=30s --retries=3 CMD ["python", "-m", "bloghub.probe"]
# Within its own container it must listen to all: which address of the host that becomes is decided outside
CMD ["gunicorn", "bloghub.wsgi", "--config", "python:bloghub.serving", \
     "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "4", \
     "--worker-class", "gthread", "--worker-tmp-dir", "/dev/shm", "--no-control-socket", \
     "--graceful-timeout", "30", "--log-level", "warning"]
