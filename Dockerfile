# The harness with chatllm.cpp. docs/container.md says how to use it; in short:
#
#   git submodule update --init
#   docker build --build-arg BUILD_THREADS="$(nproc)" -t asr-align-harness .
#   docker run --rm -v "$PWD/models:/app/models:ro" -v "$PWD/outputs:/app/outputs" asr-align-harness experiment=exp5

# --- what both builds need: compilers, and git, without which ggml's CMake files stop
FROM python:3.11-slim AS build
# Debian keeps one version of a package at a time, so a pinned one would soon not be found.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends build-essential cmake git \
    && rm -rf /var/lib/apt/lists/*

# --- libchatllm and ggml's libraries
FROM build AS chatllm
WORKDIR /opt/chatllm.cpp
COPY chatllm.cpp/ ./
RUN test -f CMakeLists.txt || { \
        echo "found nothing in chatllm.cpp, expected its source: git submodule update --init" >&2; exit 1; }
ARG BUILD_THREADS=22
ARG CMAKE_ARGS=""
# The libraries find each other by their own place ($ORIGIN), not by an LD_LIBRARY_PATH that ffmpeg would inherit.
# CMAKE_ARGS is several words.
# hadolint ignore=SC2086
RUN cmake -B build -DCMAKE_BUILD_RPATH_USE_ORIGIN=ON $CMAKE_ARGS \
    && cmake --build build --target libchatllm --parallel "$BUILD_THREADS" \
    && strip --strip-debug bindings/libchatllm.so \
    && ldd bindings/libchatllm.so > needed.txt \
    && ! grep "not found" needed.txt

# --- the harness in a virtual environment; what it depends on first, because that changes less often
FROM build AS harness
WORKDIR /src
COPY pyproject.toml constraints.txt ./
RUN python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" \
        > dependencies.txt \
    && python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --constraint constraints.txt --requirement dependencies.txt \
    && pip install --no-cache-dir --constraint constraints.txt hatchling
COPY README.md LICENSE ./
COPY samples/ samples/
COPY conf/ conf/
COPY plugins/ plugins/
COPY hydra_plugins/ hydra_plugins/
COPY harness/ harness/
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir wheels . \
    && /opt/venv/bin/pip install --no-cache-dir --no-deps wheels/*.whl

# --- what runs
FROM python:3.11-slim
# chatllm.cpp decodes audio with ffmpeg; ggml's threads are libgomp's, which slim images do not have.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ffmpeg libgomp1 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 1000 harness \
    && useradd --uid 1000 --gid 1000 --home-dir /tmp --no-create-home --shell /usr/sbin/nologin harness \
    && install -d /app/models \
    && install -d -m 1777 /app/outputs
COPY --from=chatllm /opt/chatllm.cpp/build/lib/ /opt/chatllm.cpp/build/lib/
COPY --from=chatllm /opt/chatllm.cpp/bindings/libchatllm.so /opt/chatllm.cpp/bindings/
COPY --from=harness /opt/venv/ /opt/venv/
# HOME and the cache are in /tmp, because --user may name anyone. The last three are the configuration's own.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    XDG_CACHE_HOME=/tmp/.cache \
    CHATLLM_LIBRARY=/opt/chatllm.cpp/bindings/libchatllm.so \
    INFERENCE_THREADS=6 \
    CONTEXT_LENGTH=4096
WORKDIR /app
USER 1000:1000
# An image that builds is one that can run: everything that does not need a model is tried here.
RUN python -c "import ctypes, os; ctypes.CDLL(os.environ['CHATLLM_LIBRARY'])" \
    && ffmpeg -version > /dev/null \
    && python -m harness plugins > /dev/null
VOLUME ["/app/models", "/app/outputs"]
# No HEALTHCHECK: a run is a job that ends and whose exit status says how; a probe beside it would disturb the figures.
ENTRYPOINT ["python", "-m", "harness"]
