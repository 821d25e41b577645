"""A password script that answers what the user's name says."""


def check_password(environ, user, password):
    if user == "raise":
        raise RuntimeError("the database is away")
    answers = {"true": True, "false": False, "none": None, "name": "somebody", "number": 1, "empty": "", "bytes": b"x"}
    return answers[user]
