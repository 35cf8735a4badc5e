"""What the web shows of the toolbox alone: the last report of each study."""
