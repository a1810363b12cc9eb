"""HTTP: problem details, conditional requests, typed bodies, paging queries, health, OpenAPI."""
