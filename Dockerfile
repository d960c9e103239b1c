# docker build -t because-future . && docker run -p 8000:8000 -v because-future:/data -e SECRET_KEY=... -e JWT_SECRET_KEY=... because-future
FROM python:3.12-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app

# Before the sources: a change of code keeps this layer.
COPY requirements.txt .
RUN pip install -r requirements.txt

COPY app.py wiring.py config.py ./
COPY features features
COPY migrations migrations
COPY scripts scripts
COPY shared shared

RUN useradd --system --uid 10001 --home-dir /data --create-home because-future
USER because-future

# Production refuses to start without SECRET_KEY and JWT_SECRET_KEY: give them at `docker run`.
ENV FLASK_ENV=production HOST=0.0.0.0 PORT=8000 \
    DATABASE_PATH=/data/database.db IMAGES_DIR=/data/images LOGS_DIR=/data/logs
VOLUME /data
EXPOSE 8000

HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/health', timeout=4)"]

# `docker stop --time 40`: running jobs get SHUTDOWN_GRACE_SECONDS (20) to finish.
STOPSIGNAL SIGTERM
CMD ["python", "app.py"]
