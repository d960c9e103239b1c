-- The row is the job: everything a worker needs, and everything a client may ask.
CREATE TABLE tryon_jobs (
    job_id VARCHAR(255) PRIMARY KEY,
    user_id VARCHAR(255) NOT NULL REFERENCES users (userid) ON DELETE CASCADE,
    status VARCHAR(50) NOT NULL DEFAULT 'queued',
    stage VARCHAR(50),
    progress INTEGER NOT NULL DEFAULT 0,
    request TEXT NOT NULL,
    person_image_path TEXT,
    garment_image_path TEXT,
    result_image_path TEXT,
    error_code VARCHAR(50),
    error_message TEXT,
    error_retryable BOOLEAN,
    error_details TEXT,
    engine VARCHAR(50),
    model VARCHAR(100),
    preview BOOLEAN,
    warnings TEXT NOT NULL DEFAULT '[]',
    checks TEXT NOT NULL DEFAULT '{}',
    favorite BOOLEAN NOT NULL DEFAULT FALSE,
    attempts INTEGER NOT NULL DEFAULT 0,
    releases INTEGER NOT NULL DEFAULT 0,
    lease_owner VARCHAR(64),
    lease_until DATETIME,
    cancel_requested BOOLEAN NOT NULL DEFAULT FALSE,
    start_before DATETIME,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    started_at DATETIME,
    finished_at DATETIME,
    expires_at DATETIME,
    inputs_deleted_at DATETIME
);
CREATE INDEX tryon_jobs_waiting ON tryon_jobs (created_at, job_id) WHERE status = 'queued';
CREATE INDEX tryon_jobs_running ON tryon_jobs (lease_until) WHERE status = 'processing';
CREATE INDEX tryon_jobs_by_user ON tryon_jobs (user_id, created_at DESC, job_id DESC);
CREATE INDEX tryon_jobs_by_end ON tryon_jobs (finished_at) WHERE finished_at IS NOT NULL;

CREATE TABLE idempotency_keys (
    user_id VARCHAR(255) NOT NULL REFERENCES users (userid) ON DELETE CASCADE,
    idempotency_key VARCHAR(255) NOT NULL,
    input_hash VARCHAR(64) NOT NULL,
    job_id VARCHAR(255) NOT NULL,
    created_at DATETIME NOT NULL,
    PRIMARY KEY (user_id, idempotency_key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
