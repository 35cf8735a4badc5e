"""CAKE: clicks and conversions of a day into files, by its accounts, schedules and spool."""
