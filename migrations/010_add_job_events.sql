-- One row for each change of a job's status or stage, numbered from 1 within the job. Written by the database itself, in
-- the transaction of the change: whoever polls, waits or streams reads the same story, and none can be forgotten.
CREATE TABLE job_events (
    job_id VARCHAR(255) NOT NULL REFERENCES tryon_jobs (job_id) ON DELETE CASCADE,
    event_id INTEGER NOT NULL,
    status VARCHAR(50) NOT NULL,
    stage VARCHAR(50),
    progress INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    created_at DATETIME NOT NULL,
    PRIMARY KEY (job_id, event_id)
);
INSERT INTO job_events (job_id, event_id, status, stage, progress, attempt, created_at)
SELECT job_id, 1, status, stage, progress, attempts, updated_at FROM tryon_jobs;

CREATE TRIGGER job_event_of_new_job AFTER INSERT ON tryon_jobs
BEGIN
    INSERT INTO job_events (job_id, event_id, status, stage, progress, attempt, created_at)
    VALUES (NEW.job_id, 1, NEW.status, NEW.stage, NEW.progress, NEW.attempts, NEW.created_at);
END;
CREATE TRIGGER job_event_of_change AFTER UPDATE OF status, stage ON tryon_jobs
WHEN OLD.status <> NEW.status OR coalesce(OLD.stage, '') <> coalesce(NEW.stage, '')
BEGIN
    INSERT INTO job_events (job_id, event_id, status, stage, progress, attempt, created_at)
    SELECT NEW.job_id, coalesce(max(event_id), 0) + 1, NEW.status, NEW.stage, NEW.progress, NEW.attempts, NEW.updated_at
    FROM job_events WHERE job_id = NEW.job_id;
END;

-- content_key: what the picture is made of; equal for equal requests of one user. cached: the picture is another job's.
-- extra_calls: paid calls beyond the usual cap, granted by an operator who put the job back into the queue.
ALTER TABLE tryon_jobs ADD COLUMN content_key VARCHAR(64);
ALTER TABLE tryon_jobs ADD COLUMN cached BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE tryon_jobs ADD COLUMN rating INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tryon_jobs ADD COLUMN batch_id VARCHAR(255);
ALTER TABLE tryon_jobs ADD COLUMN extra_calls INTEGER NOT NULL DEFAULT 0;
CREATE INDEX tryon_jobs_by_content ON tryon_jobs (user_id, content_key, status) WHERE content_key IS NOT NULL;
CREATE INDEX tryon_jobs_by_batch ON tryon_jobs (user_id, batch_id) WHERE batch_id IS NOT NULL;
CREATE INDEX tryon_jobs_running_by_user ON tryon_jobs (user_id) WHERE status = 'processing';

-- What a call may cost at most by our estimate, until its true price is known: it counts against the day's cap.
ALTER TABLE provider_calls ADD COLUMN reserved_usd REAL NOT NULL DEFAULT 0;
CREATE INDEX provider_calls_by_day ON provider_calls (started_at);
