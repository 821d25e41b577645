"""Fails while it is loaded."""


def prepare():
    raise RuntimeError("cannot be loaded")


prepare()
