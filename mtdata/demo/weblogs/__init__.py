"""The stand-in for Matomo: its tracker and its reports on this machine."""
