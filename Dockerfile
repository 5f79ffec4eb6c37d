# The `warehouse` command and the read API. Served by default; `docker run … tapehouse COMMAND` for the rest.
FROM python:3.11-slim AS build
RUN python -m venv /opt/tapehouse
ENV PATH=/opt/tapehouse/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
# The lock names every package with its hash; it changes less often than the code, so it comes first.
COPY requirements.lock ./
RUN pip install --no-deps --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE alembic.ini ./
COPY migrations migrations
COPY dbt dbt
COPY warehouse warehouse
COPY api api
RUN pip install --no-deps --no-build-isolation .

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/tapehouse --create-home tapehouse
COPY --from=build /opt/tapehouse /opt/tapehouse
ENV PATH=/opt/tapehouse/bin:$PATH PYTHONUNBUFFERED=1 WAREHOUSE_API_HOST=0.0.0.0 \
    DBT_TARGET_PATH=/tmp/dbt/target DBT_LOG_PATH=/tmp/dbt/logs
USER tapehouse
WORKDIR /var/lib/tapehouse
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/health/live', timeout=2)"]
ENTRYPOINT ["warehouse"]
CMD ["serve"]
