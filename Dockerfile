# The image of every Leadline process: what uv.lock says, on a slim Python, as an unprivileged user.

FROM python:3.11-slim AS build
RUN pip install --no-cache-dir 'uv==0.13.*'
WORKDIR /src
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_PROJECT_ENVIRONMENT=/opt/leadline UV_PYTHON_DOWNLOADS=never
# Dependencies first: they change less often than the code.
COPY pyproject.toml uv.lock README.md ./
# What is optional: --build-arg GROUPS="--group parquet --group dask"
ARG GROUPS=""
RUN uv sync --locked --no-default-groups $GROUPS --no-install-project
COPY domain domain
COPY store store
COPY producers producers
COPY consumers consumers
COPY projections projections
COPY web web
COPY api api
COPY runtime runtime
RUN uv sync --locked --no-default-groups $GROUPS --no-editable

FROM python:3.11-slim
RUN groupadd --gid 10001 leadline \
    && useradd --uid 10001 --gid leadline --no-create-home --home-dir /var/lib/leadline --shell /usr/sbin/nologin leadline \
    && install -d -o leadline -g leadline /var/lib/leadline
COPY --from=build /opt/leadline /opt/leadline
ENV PATH=/opt/leadline/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    LEADLINE_BIND=0.0.0.0:8787 \
    LEADLINE_DATA=/var/lib/leadline
USER leadline
WORKDIR /var/lib/leadline
VOLUME /var/lib/leadline
EXPOSE 8787
# For the processes that listen; docker-compose.yml gives the others a check of their own.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8787/healthz', timeout=2)"]
ENTRYPOINT ["leadline"]
CMD ["serve"]
