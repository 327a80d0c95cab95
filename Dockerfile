# The server with its built-in model, which is under the Gemma terms (mt/data/embedded/LICENSE.md). See docs/serving.md.

FROM python:3.11-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY . .
RUN python -m venv /opt/khulasa \
 && /opt/khulasa/bin/pip wheel --quiet --no-deps --wheel-dir /wheels . \
 && /opt/khulasa/bin/pip install --quiet --constraint constraints.txt \
        "$(ls /wheels/khulasa-*.whl)[embedded,serve,batch]"
# Before it leaves this stage: the model, made of what was just installed.
ENV KHULASA_CACHE=/var/lib/khulasa ORT_DISABLE_TELEMETRY=1
RUN /opt/khulasa/bin/khulasa models pull embedded \
 && /opt/khulasa/bin/khulasa models verify embedded

FROM python:3.11-slim
RUN useradd --uid 10001 --no-create-home --home-dir /nonexistent khulasa \
 && install -d -o khulasa -m 700 /keys
COPY --from=build /opt/khulasa /opt/khulasa
COPY --from=build --chown=khulasa /var/lib/khulasa /var/lib/khulasa
ENV PATH=/opt/khulasa/bin:$PATH \
    KHULASA_CACHE=/var/lib/khulasa \
    ORT_DISABLE_TELEMETRY=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER khulasa
VOLUME /keys
EXPOSE 7860
# Nothing is written but below /tmp: the root file system may be read-only.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:7860/readyz', timeout=4)"]
ENTRYPOINT ["khulasa"]
CMD ["serve", "--host", "0.0.0.0", "--port", "7860", "--keys", "/keys/keys.json"]
