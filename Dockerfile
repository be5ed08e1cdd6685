FROM python:3.11-slim AS build
WORKDIR /build
COPY requirements.txt requirements-ocr.txt ./
RUN python -m venv /opt/zwai && /opt/zwai/bin/python -m pip install --no-cache-dir --disable-pip-version-check -r requirements.txt -r requirements-ocr.txt
COPY setup.py pyproject.toml README.md ./
COPY zwai zwai
COPY handlers handlers
COPY storage storage
COPY ai ai
RUN /opt/zwai/bin/python -m pip install --no-cache-dir --disable-pip-version-check --no-deps .

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin zwai && install --directory --owner=zwai --mode=0700 /data
COPY --from=build /opt/zwai /opt/zwai
ENV PATH=/opt/zwai/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 ZWAI_HOST=0.0.0.0 ZWAI_PORT=3000 ZWAI_DATA_DIR=/data
USER 10001
WORKDIR /data
# Without a volume here, everything is lost with the container. The rest of the image may be read-only.
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:3000/health/live', timeout=2)"]
CMD ["zwai", "serve"]
