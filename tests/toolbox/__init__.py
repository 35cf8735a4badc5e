"""The toolbox against pools of every sort: what it tells, what it writes, what it never changes."""
