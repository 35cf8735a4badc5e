"""The docs as a site: pages laid beside each other, a reference made from the code, then Sphinx."""
