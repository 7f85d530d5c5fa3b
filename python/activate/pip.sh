#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# pip of this environment: lopin's, which hands what it does not do itself to the real one.
lopin=@LOPIN@
[ -x "$lopin" ] || lopin=lopin
command -v "$lopin" >/dev/null || {
    echo "pip: lopin, which made this environment, is neither at $lopin nor on PATH" >&2
    exit 127
}
exec "$lopin" pip --env @ENV@ "$@"
