"""The HTTP side of the server: routes, their JSON, and what guards them."""
