# Tallystick in an image: the command line, and with it a validator (`tallystick node run`).
# Everything is installed as the lock files say, by hash.

# The style sheet of the explorer's pages.
FROM node:24.11.1-bookworm-slim AS assets
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --omit=dev --omit=optional

FROM python:3.12.12-slim-bookworm AS installed
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 UV_NO_CACHE=1
WORKDIR /build
COPY requirements/bootstrap.txt requirements/run.txt requirements/
RUN pip install --require-hashes -r requirements/bootstrap.txt \
  && uv venv /opt/tallystick \
  && VIRTUAL_ENV=/opt/tallystick uv pip install --require-hashes -r requirements/run.txt
COPY pyproject.toml README.md LICENSE NOTICE CHANGELOG.md ./
COPY client client
COPY node node
COPY chain-config chain-config
COPY --from=assets /build/node_modules/@picocss/pico/css/pico.min.css \
  node/tallystick_node/explorer/assets/
RUN VIRTUAL_ENV=/opt/tallystick uv pip install --no-deps --no-build-isolation .

FROM python:3.12.12-slim-bookworm
RUN useradd --uid 1000 --create-home --shell /usr/sbin/nologin tallystick
COPY --from=installed /opt/tallystick /opt/tallystick
ENV PATH=/opt/tallystick/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 OPENBLAS_NUM_THREADS=1
USER tallystick
ENTRYPOINT ["tallystick"]
CMD ["--help"]
