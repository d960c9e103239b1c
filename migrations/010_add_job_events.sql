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
-- picture_of: the job that made the picture, though it may be gone by now.
-- extra_calls: paid calls beyond the usual cap, granted by an operator who put the job back into the queue.
ALTER TABLE tryon_jobs ADD COLUMN content_key VARCHAR(64);
ALTER TABLE tryon_jobs ADD COLUMN cached BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE tryon_jobs ADD COLUMN picture_of VARCHAR(255);
ALTER TABLE tryon_jobs ADD COLUMN rating INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tryon_jobs ADD COLUMN batch_id VARCHAR(255);
ALTER TABLE tryon_jobs ADD COLUMN extra_calls INTEGER NOT NULL DEFAULT 0;
CREATE INDEX tryon_jobs_by_content ON tryon_jobs (user_id, content_key, status) WHERE content_key IS NOT NULL;
CREATE INDEX tryon_jobs_by_batch ON tryon_jobs (user_id, batch_id) WHERE batch_id IS NOT NULL;

-- Who is next. turn: the job's place in the round: a user's jobs have rising turns, and the first of a user who has none
-- gets the turn that is being served now (the next one, when this user had that turn already), so that users alternate
-- however many jobs one of them brings. The line in order of turns and by user, what runs now (few rows, so that the
-- heartbeat's column needs no index of its own), start deadlines, and what recent jobs of an engine took.
ALTER TABLE tryon_jobs ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;
DROP INDEX tryon_jobs_waiting;
DROP INDEX tryon_jobs_running;
CREATE INDEX tryon_jobs_waiting ON tryon_jobs (turn, created_at, job_id, user_id) WHERE status = 'queued';
CREATE INDEX tryon_jobs_waiting_by_user ON tryon_jobs (user_id, turn, created_at, job_id) WHERE status = 'queued';
CREATE INDEX tryon_jobs_running ON tryon_jobs (user_id, turn, lease_owner) WHERE status = 'processing';
CREATE INDEX tryon_jobs_by_start_deadline ON tryon_jobs (start_before)
WHERE status = 'queued' AND start_before IS NOT NULL;
CREATE INDEX tryon_jobs_measured ON tryon_jobs (engine, finished_at) WHERE status = 'done' AND cached = FALSE;

-- What the sweep looks for each minute: photos and pictures whose time is up. It never reads what it has dealt with.
DROP INDEX tryon_jobs_by_end;
CREATE INDEX tryon_jobs_with_inputs ON tryon_jobs (finished_at)
WHERE inputs_deleted_at IS NULL AND finished_at IS NOT NULL;
CREATE INDEX tryon_jobs_expiring ON tryon_jobs (expires_at)
WHERE result_image_path IS NOT NULL AND expires_at IS NOT NULL;

-- What a call may cost at most by our estimate, until its true price is known: it counts against the day's cap.
ALTER TABLE provider_calls ADD COLUMN reserved_usd REAL NOT NULL DEFAULT 0;
CREATE INDEX provider_calls_open ON provider_calls (job_id) WHERE outcome = 'started';

-- The sums of all users by day (UTC), kept by the database itself: the cap of the whole service is asked before each
-- call. Deleting an account takes its calls away, but not what they cost.
CREATE TABLE provider_days (
    day VARCHAR(10) PRIMARY KEY,
    calls INTEGER NOT NULL,
    usd REAL NOT NULL
);
INSERT INTO provider_days (day, calls, usd)
SELECT substr(started_at, 1, 10), count(*), coalesce(sum(cost_usd), 0) FROM provider_calls
GROUP BY substr(started_at, 1, 10);
CREATE TRIGGER provider_day_of_call AFTER INSERT ON provider_calls
BEGIN
    INSERT INTO provider_days (day, calls, usd)
    VALUES (substr(NEW.started_at, 1, 10), 1, coalesce(NEW.cost_usd, NEW.reserved_usd))
    ON CONFLICT (day) DO UPDATE SET calls = calls + 1, usd = usd + excluded.usd;
END;
CREATE TRIGGER provider_day_of_cost AFTER UPDATE OF cost_usd, reserved_usd ON provider_calls
BEGIN
    UPDATE provider_days
    SET usd = usd + coalesce(NEW.cost_usd, NEW.reserved_usd) - coalesce(OLD.cost_usd, OLD.reserved_usd)
    WHERE day = substr(OLD.started_at, 1, 10);
END;
