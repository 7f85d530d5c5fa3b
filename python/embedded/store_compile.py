# SPDX-License-Identifier: Apache-2.0
"""Compile sources that are asked for on standard input, for the store of wheels; CPython 3.6 to 3.14.

A line is "source TAB target TAB shown": the file, where its bytecode goes, and the path that tracebacks show. The
answer is one byte a line: '+' made, '-' not (it is no source of this Python). The first byte, '!', says that all is
ready. Bytecode has the hash of its source and is never compared with it (PEP 552, "unchecked"), as files of the store
do not change; 3.6 knows only time and size. Nothing of a source is executed.
"""
import sys

sys.path.pop(0)  # the current folder

import gc
import importlib.util
import marshal
import os

UNCHECKED = 1  # PEP 552: a hash follows, which is not checked


def header(source, about):
    if sys.version_info < (3, 7):
        words = [int(about.st_mtime) & 0xFFFFFFFF, about.st_size & 0xFFFFFFFF]
        return b"".join(word.to_bytes(4, "little") for word in words)
    return UNCHECKED.to_bytes(4, "little") + importlib.util.source_hash(source)


def compile_one(source, target, shown):
    with open(source, "rb") as file:
        text = file.read()
        about = os.fstat(file.fileno())
    code = compile(text, shown, "exec", dont_inherit=True, optimize=0)
    data = importlib.util.MAGIC_NUMBER + header(text, about) + marshal.dumps(code)
    made = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444)
    with os.fdopen(made, "wb", 0) as file:
        os.fchmod(made, 0o444)
        left = memoryview(data)
        while left:
            left = left[file.write(left):]
        os.utime(made, (about.st_atime, about.st_mtime))


def answer(line):
    source, target, shown = (os.fsdecode(part) for part in line[:-1].split(b"\t"))
    try:
        compile_one(source, target, shown)
    except (OSError, MemoryError):
        try:
            os.unlink(target)
        except OSError:
            pass
        return b"-"
    except Exception:  # syntax of another Python, encodings that are not there, NUL bytes, nesting too deep
        return b"-"
    return b"+"


def main():
    gc.disable()  # trees of syntax have no cycles; collecting costs a tenth of the time
    os.write(1, b"!")
    for number, line in enumerate(sys.stdin.buffer, 1):
        os.write(1, answer(line))
        if number % 500 == 0:
            gc.collect()


main()
