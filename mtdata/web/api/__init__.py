"""The API: what the pages show and order, for programs; described by its OpenAPI document."""
