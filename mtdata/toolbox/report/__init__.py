"""Is a study complete?  Its schedule, its log and its entries, held against each other."""
