"""Large bodies that come in: who may send one, where it lies meanwhile, how a page reads it."""
