-- One row for each call to a paid provider, committed before the call. It outlives its job: money stays on record.
CREATE TABLE provider_calls (
    call_id VARCHAR(64) PRIMARY KEY,
    job_id VARCHAR(255) NOT NULL,
    user_id VARCHAR(255) NOT NULL REFERENCES users (userid) ON DELETE CASCADE,
    attempt INTEGER NOT NULL,
    provider VARCHAR(50) NOT NULL,
    model VARCHAR(100) NOT NULL,
    outcome VARCHAR(50) NOT NULL DEFAULT 'started',
    input_tokens INTEGER,
    output_tokens INTEGER,
    thinking_tokens INTEGER,
    cost_usd REAL,
    price_version VARCHAR(50),
    started_at DATETIME NOT NULL,
    settled_at DATETIME
);
CREATE INDEX provider_calls_by_job ON provider_calls (job_id);
CREATE INDEX provider_calls_by_user ON provider_calls (user_id, started_at);
