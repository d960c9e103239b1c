-- The full-text index of wardrobes. Each word begins with a mark of its owner (features/wardrobe/search.py), so that a
-- small wardrobe is searched as if it were alone; the prefix lengths are that mark's 8 letters and 1 to 6 of the word.
-- Words come folded and cut already: the tokenizer only parts them.
CREATE VIRTUAL TABLE wardrobe_search USING fts5 (
    words, tokenize = 'ascii', prefix = '9 10 11 12 13 14', detail = none, columnsize = 0
);

-- Deleted items, also those that go with their account, until a sweep takes their words out of the index: nothing finds
-- them meanwhile, and the account of somebody with a large wardrobe goes without a long wait for everybody else.
CREATE TABLE wardrobe_search_gone (id INTEGER PRIMARY KEY);
CREATE TRIGGER wardrobe_search_note AFTER DELETE ON wardrobe BEGIN
    INSERT INTO wardrobe_search_gone (id) VALUES (OLD.id);
END;
