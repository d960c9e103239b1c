CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    userid VARCHAR(255) NOT NULL UNIQUE,
    email VARCHAR(255) NOT NULL UNIQUE,
    password VARCHAR(255) NOT NULL,
    first_name VARCHAR(255) NOT NULL,
    last_name VARCHAR(255) NOT NULL,
    gender VARCHAR(50),
    birthday DATE,
    street TEXT,
    city TEXT,
    is_active BOOLEAN NOT NULL DEFAULT TRUE,
    token_version INTEGER NOT NULL DEFAULT 1,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL
);

-- Tokens that were ended before their time; a row may go once the token has run out by itself.
CREATE TABLE revoked_tokens (
    jti VARCHAR(64) PRIMARY KEY,
    user_id VARCHAR(255) NOT NULL REFERENCES users (userid) ON DELETE CASCADE,
    expires_at DATETIME NOT NULL
);
CREATE INDEX revoked_tokens_by_user ON revoked_tokens (user_id);
CREATE INDEX revoked_tokens_by_end ON revoked_tokens (expires_at);
