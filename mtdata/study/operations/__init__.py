"""What a person or a schedule asks of a site: opened, carried out, told."""
