"""Web logs: from lines in a bucket to hits in a stand-in of Matomo."""
