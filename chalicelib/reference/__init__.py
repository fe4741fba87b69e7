"""The API reference: one OpenAPI 3.1 document per API, made from the routes that there are, and a page that shows it.

Paths, methods, path parameters and summaries come from the route table and the views' own docstrings. What those cannot
tell - queries, bodies, answers - stands in one module per API; a route without it, or the other way round, is an error.
"""
