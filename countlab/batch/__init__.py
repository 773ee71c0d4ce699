"""Many pictures into Parquet: listing, counting by processes or on Ray, shards, resuming."""
