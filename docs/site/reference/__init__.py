"""The reference, made from the code when the site is built: so it cannot be out of date."""
