"""From collected documents to the feature store: clean, fold duplicates, chunk, embed, index."""
