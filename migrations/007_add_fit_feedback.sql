-- How a size turned out. item_key: the product's page, or an item of the person's wardrobe; empty: the brand's garments
-- of this category in general. brand_key: empty when the item's brand is not known. size_key: the size as it is compared.
CREATE TABLE fit_feedback (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id VARCHAR(255) NOT NULL REFERENCES users (userid) ON DELETE CASCADE,
    brand_key VARCHAR(765) NOT NULL,
    category VARCHAR(50) NOT NULL,
    item_key VARCHAR(2048) NOT NULL,
    size_key VARCHAR(150) NOT NULL,
    size VARCHAR(50) NOT NULL,
    outcome VARCHAR(10) NOT NULL,
    kept BOOLEAN,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    UNIQUE (user_id, brand_key, category, item_key, size_key)
);
CREATE INDEX fit_feedback_by_item ON fit_feedback (item_key) WHERE item_key <> '';
