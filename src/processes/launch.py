"""Becomes a daemon process: takes on identity and limits, then executes the interpreter.

Usage: python3 -I -S launch.py SPEC COMMAND [ARGUMENT...]; SPEC is a JSON object with the optional members user, group
(names or "#id"), supplementaryGroups (list), umask (number), directory (path), cpuPriority (nice value), cpuTimeLimit and cpuTimeGrace (seconds),
memoryLimit and virtualMemoryLimit (bytes), chroot (path; COMMAND is looked for inside, and needs user), carried (folder of the daemon's Python files, which
are handed in, to be run by COMMAND). Node cannot do these between fork and exec, and nothing that
the users' interpreter brings along (site-packages, .pth files) may run before the identity has changed: hence -I -S and a step of its own.
Exit code 78 says that the spec could not be carried out; why is on standard error.
"""

import grp
import json
import os
import pwd
import resource
import sys

CANNOT_START = 78


def user_of(name):
    """Password entry by name or "#id"; an id without an entry is accepted, as httpd does."""
    if not name.startswith("#"):
        return pwd.getpwnam(name)
    uid = int(name[1:])
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        return pwd.struct_passwd((name, "x", uid, uid, "", "/", ""))


def group_id_of(name):
    return int(name[1:]) if name.startswith("#") else grp.getgrnam(name).gr_gid


def take_identity(spec):
    user = user_of(spec["user"]) if spec.get("user") else None
    if user is None and not spec.get("group"):
        return
    gid = group_id_of(spec["group"]) if spec.get("group") else user.pw_gid
    if spec.get("supplementaryGroups") is not None:
        os.setgroups([group_id_of(name) for name in spec["supplementaryGroups"]])
    elif user is not None and not user.pw_name.startswith("#"):
        os.initgroups(user.pw_name, gid)
    else:
        os.setgroups([gid])
    os.setgid(gid)
    if spec.get("chroot"):
        # The last thing that takes root: accounts are looked up outside, and nobody who is still root runs anything inside.
        os.chroot(spec["chroot"])
        os.chdir("/")
    if user is not None:
        if user.pw_uid == 0:
            raise ValueError("a daemon process may not run as root")
        os.setuid(user.pw_uid)
        os.environ["HOME"] = user.pw_dir
        os.environ["USER"] = os.environ["LOGNAME"] = user.pw_name


def carry(folder):
    """Arguments for Python that run the daemon without its files; they are in a descriptor that is inherited."""
    package = os.path.join(folder, "modhost_daemon")
    sources = {}
    for name in os.listdir(package):
        if name.endswith(".py"):
            with open(os.path.join(package, name), encoding="utf-8") as file:
                sources[name[:-3]] = file.read()
    # Neither closed by exec nor readable by its name.
    descriptor = os.memfd_create("modhost", 0)
    with os.fdopen(descriptor, "wb", closefd=False) as file:
        file.write(json.dumps(sources).encode())
    os.lseek(descriptor, 0, os.SEEK_SET)
    with open(os.path.join(folder, "carried.py"), encoding="utf-8") as file:
        return ["-c", file.read(), str(descriptor)]


def set_limits(spec):
    """Before the identity changes: only root may raise a priority or a limit."""
    if spec.get("cpuPriority") is not None:
        try:
            os.setpriority(os.PRIO_PROCESS, 0, spec["cpuPriority"])
        except OSError as error:
            sys.stderr.write("cpu-priority=%d cannot be set: %s\n" % (spec["cpuPriority"], error))
    if spec.get("cpuTimeLimit"):
        soft = spec["cpuTimeLimit"]
        resource.setrlimit(resource.RLIMIT_CPU, (soft, soft + int(spec["cpuTimeGrace"])))
    for name, limit in (("memoryLimit", resource.RLIMIT_DATA), ("virtualMemoryLimit", resource.RLIMIT_AS)):
        if spec.get(name):
            resource.setrlimit(limit, (spec[name], spec[name]))


def enter(directory):
    """The account's home directory, or the root directory for accounts whose home does not exist."""
    try:
        os.chdir(directory or "/")
    except OSError:
        os.chdir("/")


def execute(command):
    """As execvp does, but without its imports: the standard library may be out of reach for the new identity."""
    program = command[0]
    if "/" in program:
        os.execv(program, command)
    failure = FileNotFoundError(2, "not found on PATH", program)
    for folder in os.environ.get("PATH", "/usr/local/bin:/usr/bin:/bin").split(":"):
        try:
            os.execv(os.path.join(folder or ".", program), command)
        except OSError as error:
            if error.errno != 2:
                failure = error
    raise failure


def main():
    spec = json.loads(sys.argv[1])
    command = sys.argv[2:]
    try:
        if spec.get("chroot") and not spec.get("user"):
            raise ValueError("chroot needs an account")
        if spec.get("carried"):
            command += carry(spec["carried"])
        set_limits(spec)
        take_identity(spec)
        if spec.get("umask") is not None:
            os.umask(spec["umask"])
        enter(spec.get("directory"))
        execute(command)
    except (OSError, KeyError, ValueError) as error:
        sys.stderr.write("cannot start %s: %s\n" % (command[0], error))
        sys.exit(CANNOT_START)


main()
