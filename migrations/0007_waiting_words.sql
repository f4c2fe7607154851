-- Words that are new wait in a list that every search reads whole, so it must stay short (kB).
alter index documents.passages_words_idx set (gin_pending_list_limit = 256);
