-- One avatar a user: the photo as it came, and the cut-out person when there is one.
CREATE TABLE avatars (
    user_id VARCHAR(255) PRIMARY KEY REFERENCES users (userid) ON DELETE CASCADE,
    original_path TEXT NOT NULL,
    cutout_path TEXT,
    warnings TEXT NOT NULL DEFAULT '[]',
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL
);
