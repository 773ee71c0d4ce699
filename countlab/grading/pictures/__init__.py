"""Hidden and public pictures whose counts are known exactly."""
