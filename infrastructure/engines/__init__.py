"""The engines Quire brings along: a PostgreSQL and a Valkey under a supervisor of our own."""
