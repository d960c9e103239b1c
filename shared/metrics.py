"""What Prometheus reads at /metrics. Names follow its conventions: base units, `_total` for counters."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("http_requests_total", "Requests answered.", ("method", "route", "status"))
SECONDS = Histogram("http_request_duration_seconds", "Time to answer a request.", ("route",))
JOBS = Counter("tryon_jobs_total", "Jobs that ended, by how.", ("status", "engine"))
JOB_SECONDS = Histogram(
    "tryon_job_duration_seconds",
    "Time from start to end of a job.",
    ("engine",),
    buckets=(0.5, 1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300),
)
JOBS_RECOVERED = Counter("tryon_jobs_recovered_total", "Jobs whose worker was gone and that wait again.")
JOBS_WAITING = Gauge("tryon_jobs_waiting", "Jobs that wait for a worker.")
JOBS_RUNNING = Gauge("tryon_jobs_running", "Jobs that run in this process.")
PROVIDER_CALLS = Counter("provider_calls_total", "Calls to paid providers, by how they ended.", ("model", "outcome"))
PROVIDER_CIRCUIT = Gauge(
    "provider_circuit_state", "Circuit breaker of a model: 0 closed, 1 half-open, 2 open.", ("model",)
)
BUDGET_LEFT = Gauge("provider_budget_left", "What is left of a cap of the whole service: calls, US dollars.", ("cap",))
PROVIDER_COST = Counter("provider_cost_usd_total", "What the calls cost by the price table, US dollars.", ("model",))
