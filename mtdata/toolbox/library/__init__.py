"""What `import mtdata` gives to programs and notebooks: pools to be read, and nothing else."""
