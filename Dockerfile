# syntax=docker/dockerfile:1
#
# docker build -t tiku .                                    the command; use:
#   docker run --rm -v "$PWD:/work" -u "$(id -u):$(id -g)" tiku build --frozen
# docker build --target outputs --output made .             check and build the documents in source/ into made/

# -- tiku, installed by the Makefile as anywhere else: locked, with hashes --------------------------------------------
FROM python:3.11-slim-bookworm AS base
WORKDIR /opt/tiku
# Debian's packages seldom change: a layer of their own
COPY Makefile ./
COPY scripts/system.sh scripts/
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends make \
 && make system \
 && rm -rf /var/lib/apt/lists/*
COPY pyproject.toml requirements.lock README.md LICENSE ./
COPY scripts/vendor.py scripts/
COPY converters converters
RUN --mount=type=cache,target=/root/.cache/pip make install \
 && .venv/bin/python -m compileall -q converters
ENV PATH=/opt/tiku/.venv/bin:$PATH \
    LANG=C.UTF-8 \
    PYTHONDONTWRITEBYTECODE=1 \
    XDG_CACHE_HOME=/cache
# Fonts and finished work are remembered in /cache, whoever the user is: mount it to keep them.
RUN useradd --create-home --uid 1000 tiku \
 && mkdir -m 1777 /cache \
 && install -d -o 1000 -g 1000 /work
USER 1000:1000
WORKDIR /work

# -- the documents of this repository, checked and built --------------------------------------------------------------
FROM base AS build
COPY --chown=1000:1000 tiku.toml ./
COPY --chown=1000:1000 source source
RUN tiku doctor \
 && tiku check source/*.md \
 && tiku build --frozen --no-cache

FROM scratch AS outputs
COPY --from=build /work/outputs /

# -- what is built when nothing is said -------------------------------------------------------------------------------
FROM base AS tiku
ENTRYPOINT ["tiku"]
CMD ["build"]
