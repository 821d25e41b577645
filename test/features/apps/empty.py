"""A script without the callable."""

app = None
aplication = None
