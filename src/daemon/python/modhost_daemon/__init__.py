"""The Python side of a daemon process: loads WSGI script files and calls them. See ../../README.md."""
