FROM python:3.13-slim-bookworm AS build
WORKDIR /app
COPY requirements/tools.txt requirements/run.txt requirements/
RUN python -m venv .venv \
    && .venv/bin/pip install --no-cache-dir --require-hashes -r requirements/tools.txt \
    && .venv/bin/uv pip install --no-cache --python .venv/bin/python --require-hashes -r requirements/run.txt
COPY . .
RUN .venv/bin/uv pip install --no-cache --python .venv/bin/python --no-deps --no-build-isolation --editable .

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home turvakt && install -d -o turvakt -g turvakt /data
COPY --from=build /app /app
USER turvakt
ENV TURVAKT_DATA_DIR=/data PATH=/app/.venv/bin:$PATH
VOLUME /data
EXPOSE 8477
ENTRYPOINT ["turvakt"]
CMD ["run"]
