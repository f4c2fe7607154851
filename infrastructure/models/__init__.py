"""Everything that answers: model servers over HTTP, and the built-in Reader."""
