# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# What the shell tests of erixfs have in common; `shape` is added to the names of checks.
failed=0
shape=

# Runs a command; whether it succeeds is one check.
check() {
    name=$1$shape
    shift
    if "$@"; then
        echo "ok $name"
    else
        echo "FAIL $name"
        # shellcheck disable=SC2034 # the status of the test
        failed=1
    fi
}

# e2fsck finds nothing, and says nothing of things that it leaves alone.
silent() {
    timeout -s KILL 60 e2fsck -fn -E no_optimize_extents "$1" </dev/null >fsck.out 2>&1 &&
        ! grep -Eiq '\?|ignored|skipping|warning|error' fsck.out && return 0
    cat fsck.out
    return 1
}

# As somebody else than root.
as_another() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
    else
        "$@"
    fi
}
