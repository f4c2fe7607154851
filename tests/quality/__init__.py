"""How well passages are found and cited, measured on questions over old books and messages."""
