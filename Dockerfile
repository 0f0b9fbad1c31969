# A digest goes here, too: --build-arg PYTHON_IMAGE=python@sha256:...
ARG PYTHON_IMAGE=python:3.13-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
WORKDIR /src
COPY requirements/tools.txt requirements/run.txt requirements/
# Two environments: one that builds and stays behind, and one that runs and has not even pip in it. Where a package has no wheel
# (faust-streaming on ARM), it is built without a compiler, in plain Python.
RUN python -m venv /tools \
    && /tools/bin/pip install --no-cache-dir --require-hashes -r requirements/tools.txt \
    && python -m venv --without-pip /app/.venv \
    && /tools/bin/uv pip install --no-cache --compile-bytecode --python /app/.venv/bin/python \
        --require-hashes -r requirements/run.txt
COPY . .
# Turvakt itself lies beside models/ and config/, where it looks for them.
RUN /tools/bin/hatchling build --target wheel --directory /wheels \
    && /tools/bin/uv pip install --no-cache --compile-bytecode --python /app/.venv/bin/python --no-deps --target /app /wheels/*.whl

FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="Turvakt" \
    org.opencontainers.image.description="Streaming monitor for online harassment of elected officials in Sweden and Finland" \
    org.opencontainers.image.licenses="EUPL-1.2"
RUN groupadd --system --gid 10001 turvakt \
    && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent turvakt \
    && install --directory --owner turvakt --group turvakt --mode 700 /data
COPY models /app/models
COPY config /app/config
COPY --from=build /app /app
# By number: an orchestrator can tell then that it is not root.
USER 10001:10001
ENV PATH=/app/.venv/bin:/app/bin:$PATH PYTHONPATH=/app TURVAKT_DATA_DIR=/data
EXPOSE 8477
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=4 CMD ["python", "-m", "turvakt.healthy"]
ENTRYPOINT ["turvakt"]
CMD ["run"]
