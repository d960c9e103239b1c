-- Sections: user_id is null for the platform's own. name_key is the name with case and accents folded.
CREATE TABLE category_sections (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name VARCHAR(100) NOT NULL,
    name_key VARCHAR(100) NOT NULL,
    display_name VARCHAR(255) NOT NULL,
    description TEXT,
    icon_name VARCHAR(100),
    icon_url TEXT,
    sort_order INTEGER NOT NULL DEFAULT 0,
    user_id VARCHAR(255) REFERENCES users (userid) ON DELETE CASCADE,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL
);
CREATE UNIQUE INDEX category_sections_platform ON category_sections (name_key) WHERE user_id IS NULL;
CREATE UNIQUE INDEX category_sections_own ON category_sections (user_id, name_key) WHERE user_id IS NOT NULL;

INSERT INTO category_sections (id, name, name_key, display_name, sort_order, created_at, updated_at) VALUES
    (1, 'upper_body', 'upper_body', 'Upper Body', 1, '2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z'),
    (2, 'lower_body', 'lower_body', 'Lower Body', 2, '2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z'),
    (3, 'accessoires', 'accessoires', 'Accessories', 3, '2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z'),
    (4, 'wishlist', 'wishlist', 'Wishlist', 4, '2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z');

CREATE TABLE platform_categories (
    id INTEGER PRIMARY KEY,
    section_name VARCHAR(100) NOT NULL,
    name VARCHAR(255) NOT NULL UNIQUE,
    display_name VARCHAR(255) NOT NULL,
    description TEXT,
    sort_order INTEGER NOT NULL DEFAULT 0,
    created_at DATETIME NOT NULL
);
INSERT INTO platform_categories (id, section_name, name, display_name, sort_order, created_at) VALUES
    (1, 'upper_body', 't_shirts', 'T-shirts', 1, '2026-01-01T00:00:00.000000Z'),
    (2, 'upper_body', 'shirts', 'Shirts', 2, '2026-01-01T00:00:00.000000Z'),
    (3, 'upper_body', 'sweaters', 'Sweaters', 3, '2026-01-01T00:00:00.000000Z'),
    (4, 'upper_body', 'jackets', 'Jackets', 4, '2026-01-01T00:00:00.000000Z'),
    (5, 'upper_body', 'dresses', 'Dresses', 5, '2026-01-01T00:00:00.000000Z'),
    (6, 'lower_body', 'pants', 'Pants', 1, '2026-01-01T00:00:00.000000Z'),
    (7, 'lower_body', 'jeans', 'Jeans', 2, '2026-01-01T00:00:00.000000Z'),
    (8, 'lower_body', 'shorts', 'Shorts', 3, '2026-01-01T00:00:00.000000Z'),
    (9, 'lower_body', 'skirts', 'Skirts', 4, '2026-01-01T00:00:00.000000Z'),
    (10, 'lower_body', 'leggings', 'Leggings', 5, '2026-01-01T00:00:00.000000Z'),
    (11, 'accessoires', 'bags', 'Bags', 1, '2026-01-01T00:00:00.000000Z'),
    (12, 'accessoires', 'shoes', 'Shoes', 2, '2026-01-01T00:00:00.000000Z'),
    (13, 'accessoires', 'hats', 'Hats', 3, '2026-01-01T00:00:00.000000Z'),
    (14, 'accessoires', 'jewelry', 'Jewelry', 4, '2026-01-01T00:00:00.000000Z'),
    (15, 'accessoires', 'belts', 'Belts', 5, '2026-01-01T00:00:00.000000Z');

-- People's own categories. Their ids begin at 1001: an id says whether it is the platform's or somebody's.
CREATE TABLE wardrobe_categories (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id VARCHAR(255) NOT NULL REFERENCES users (userid) ON DELETE CASCADE,
    name VARCHAR(255) NOT NULL,
    name_key VARCHAR(255) NOT NULL,
    description TEXT,
    category_section VARCHAR(100) NOT NULL,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    UNIQUE (user_id, name_key)
);
INSERT INTO sqlite_sequence (name, seq) VALUES ('wardrobe_categories', 1000);

-- category: identifier of a platform category. category_id: the person's own category. Pictures are storage keys.
-- uid: what exports call the thing, so that importing it again, wherever, finds it. The same in outfits.
CREATE TABLE wardrobe (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id VARCHAR(255) NOT NULL REFERENCES users (userid) ON DELETE CASCADE,
    title TEXT,
    title_key TEXT NOT NULL DEFAULT '',
    brand VARCHAR(255),
    brand_key VARCHAR(255) NOT NULL DEFAULT '',
    color VARCHAR(100),
    size TEXT,
    description TEXT,
    price REAL,
    currency VARCHAR(3),
    category VARCHAR(100),
    category_id INTEGER REFERENCES wardrobe_categories (id) ON DELETE SET NULL,
    custom_category_name VARCHAR(255),
    category_section VARCHAR(100) NOT NULL,
    garment_category_type VARCHAR(50),
    garment_type VARCHAR(50),
    fabric TEXT NOT NULL DEFAULT '[]',
    care_instructions TEXT NOT NULL DEFAULT '[]',
    favorite BOOLEAN NOT NULL DEFAULT FALSE,
    garment_url TEXT,
    is_external BOOLEAN NOT NULL DEFAULT FALSE,
    size_chart TEXT,
    image_path TEXT NOT NULL,
    original_path TEXT NOT NULL,
    thumbnail_path TEXT NOT NULL,
    image_hash VARCHAR(128),
    upload_key VARCHAR(255),
    uid VARCHAR(32) NOT NULL DEFAULT (lower(hex(randomblob(16)))),
    wear_count INTEGER NOT NULL DEFAULT 0,
    last_worn_on DATE,
    date_added DATETIME NOT NULL,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    UNIQUE (user_id, upload_key),
    UNIQUE (user_id, uid)
);
CREATE INDEX wardrobe_by_arrival ON wardrobe (user_id, id);
CREATE INDEX wardrobe_by_section ON wardrobe (user_id, category_section, id);
CREATE INDEX wardrobe_by_category ON wardrobe (user_id, category, id);
CREATE INDEX wardrobe_by_kind ON wardrobe (user_id, garment_category_type, id);
CREATE INDEX wardrobe_by_favorite ON wardrobe (user_id, favorite, id);
CREATE INDEX wardrobe_by_own_category ON wardrobe (category_id) WHERE category_id IS NOT NULL;
CREATE INDEX wardrobe_by_title ON wardrobe (user_id, title_key, id);
CREATE INDEX wardrobe_by_brand ON wardrobe (user_id, brand_key, id);
CREATE INDEX wardrobe_by_price ON wardrobe (user_id, COALESCE(price, 1000000000.0), id);
CREATE INDEX wardrobe_by_price_down ON wardrobe (user_id, COALESCE(price, -1.0), id);
CREATE INDEX wardrobe_by_original ON wardrobe (user_id, original_path);
CREATE INDEX wardrobe_by_wear ON wardrobe (user_id, wear_count, id);
CREATE INDEX wardrobe_by_holding ON wardrobe (user_id, category_section, currency, price, wear_count);
CREATE INDEX wardrobe_by_cost ON wardrobe (user_id, COALESCE(currency, ''), price / NULLIF(wear_count, 0), id);
CREATE INDEX wardrobe_by_picture ON wardrobe (user_id, image_hash) WHERE image_hash IS NOT NULL;

CREATE TABLE wardrobe_tags (
    item_id INTEGER NOT NULL REFERENCES wardrobe (id) ON DELETE CASCADE,
    user_id VARCHAR(255) NOT NULL,
    tag VARCHAR(50) NOT NULL,
    tag_key VARCHAR(50) NOT NULL,
    PRIMARY KEY (item_id, tag_key)
);
CREATE INDEX wardrobe_tags_by_tag ON wardrobe_tags (user_id, tag_key, item_id);

CREATE TABLE outfits (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id VARCHAR(255) NOT NULL REFERENCES users (userid) ON DELETE CASCADE,
    name VARCHAR(255) NOT NULL,
    notes TEXT,
    tags TEXT NOT NULL DEFAULT '[]',
    cover_path TEXT,
    cover_of TEXT,
    uid VARCHAR(32) NOT NULL DEFAULT (lower(hex(randomblob(16)))),
    wear_count INTEGER NOT NULL DEFAULT 0,
    last_worn_on DATE,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    UNIQUE (user_id, uid)
);
CREATE INDEX outfits_by_user ON outfits (user_id, created_at DESC, id DESC);

CREATE TABLE outfit_items (
    outfit_id INTEGER NOT NULL REFERENCES outfits (id) ON DELETE CASCADE,
    item_id INTEGER NOT NULL REFERENCES wardrobe (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    PRIMARY KEY (outfit_id, item_id)
);
CREATE INDEX outfit_items_by_item ON outfit_items (item_id);

-- One row a garment and day, and one an outfit and day.
CREATE TABLE wardrobe_wears (
    item_id INTEGER NOT NULL REFERENCES wardrobe (id) ON DELETE CASCADE,
    worn_on DATE NOT NULL,
    user_id VARCHAR(255) NOT NULL,
    created_at DATETIME NOT NULL,
    PRIMARY KEY (item_id, worn_on)
);
CREATE TABLE outfit_wears (
    outfit_id INTEGER NOT NULL REFERENCES outfits (id) ON DELETE CASCADE,
    worn_on DATE NOT NULL,
    user_id VARCHAR(255) NOT NULL,
    created_at DATETIME NOT NULL,
    PRIMARY KEY (outfit_id, worn_on)
);
