"""How a site stands: reports, forecasts, metrics."""
