"""The routes of the API, under `/api/v1`."""
