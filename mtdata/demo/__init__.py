"""Stand-ins for other people's servers, and example data; nothing but cli and tests imports it."""
