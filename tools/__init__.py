"""Programs of the repository that are no part of the service: reference pages, the site, releases."""
