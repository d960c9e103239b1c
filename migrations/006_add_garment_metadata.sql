-- What product pages said, for a while. Only pages that this server fetched itself get in here.
CREATE TABLE garment_metadata (
    id INTEGER PRIMARY KEY,
    url TEXT NOT NULL UNIQUE,
    title TEXT,
    images TEXT NOT NULL DEFAULT '[]',
    price REAL,
    sizes TEXT NOT NULL DEFAULT '[]',
    colors TEXT NOT NULL DEFAULT '[]',
    brand VARCHAR(255),
    metadata TEXT NOT NULL,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL
);
CREATE INDEX garment_metadata_by_age ON garment_metadata (updated_at);
