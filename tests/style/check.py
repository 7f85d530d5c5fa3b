#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hold the rules of the house that no compiler knows: check.py [ROOT]

Directions between rooms, sizes of files and functions, who may print, no mutable globals, no path
of one machine. Prints a line a breach, exits 1 if there is any.
"""
import ast
import pathlib
import re
import subprocess
import sys

MAX_FILE = 500
MAX_FUNCTION = 60
# docs/design.md, "Rooms": who may include whom. Each may include itself and base.
ROOMS = {
    "base": set(),
    "machine": set(),
    "site": set(),
    "image": set(),
    "wheel": set(),
    "store": {"wheel"},
    "solve": {"wheel"},
    "source": {"wheel", "machine"},
    "build": set(),
    "module": set(),
    "modulefile": {"module"},
    "spider": {"module", "modulefile"},
    "threads": {"machine"},
    "env": {"wheel", "store", "machine", "site"},
    "plan": {"machine", "site"},
    "dataset": set(),
    "run": {"dataset"},
    "memory": {"machine"},
    "map": {"dataset", "run", "memory", "threads", "machine", "site"},
    "sched": {"run/spec.h", "plan", "site"},
    "crew": {"run", "dataset", "sched"},
}
MAY_PRINT = {"src/base/term.c", "src/base/mem.c"}
MAY_KEEP_STATE = {"src/base/term.c", "src/base/lang.c"}
PRINTING = re.compile(
    r"\b(?:printf|vprintf|puts|putchar|perror)\s*\("
    r"|\bv?f(?:printf|puts|putc|write)\s*\([^;]*\bstd(?:out|err)\b"
    r"|\bv?dprintf\s*\(\s*(?:[12]|STD(?:OUT|ERR)_FILENO)\b"
    r"|\bwrite\s*\(\s*(?:[12]|STD(?:OUT|ERR)_FILENO)\b"
)
# In two pieces, so that this file does not accuse itself.
MACHINE_PATH = re.compile(r"(?<![\w.)}\]*-])/(?:wor" r"k|roo" r"t)/")
TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def files_of(root):
    """What git tracks or would track; without git, everything outside build folders."""
    git = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=root, capture_output=True, check=False,
    )
    if git.returncode == 0 and git.stdout:
        names = git.stdout.decode(errors="surrogateescape").split("\0")
        found = [root / name for name in names if name]
    else:
        found = [
            path for path in root.rglob("*")
            if not path.relative_to(root).parts[0].startswith(("build", ".git"))
        ]
    return sorted(path for path in found if path.is_file() and not path.is_symlink())


def blank(match):
    """A comment becomes space, a string an empty one; lines stay where they are."""
    text = match.group()
    kept = "\n" * text.count("\n")
    return kept if text[0] == "/" else text[0] + text[0] + kept


def check_includes(name, text):
    room = name.split("/")[1]
    if room == "cli":
        return
    allowed = ROOMS.get(room)
    if allowed is None:
        yield 1, "room '%s' is not in the table of rooms" % room
        return
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if not match:
            continue
        target = match.group(1)
        other = target.split("/")[0]
        if "/" not in target:
            yield number, "include \"%s\" by its room: \"%s/%s\"" % (target, room, target)
        elif other not in allowed | {room, "base"} and target not in allowed:
            yield number, "%s may not include %s (%s)" % (room, other, target)


def check_c_functions(lines):
    start = None
    for number, line in enumerate(lines, 1):
        if line.startswith("{"):
            start = number
        elif line.startswith("}") and start is not None:
            if number - start - 1 > MAX_FUNCTION:
                yield start, "function of %d lines (at most %d)" % (number - start - 1, MAX_FUNCTION)
            start = None


def top_level(code):
    """The declarations at file scope: (line, text with {} for each block)."""
    depth, text, line, start = 0, "", 1, 1
    for char in code:
        if char == "\n":
            line += 1
        if char == "{":
            depth += 1
        elif char == "}":
            depth -= 1
            if depth == 0:
                if re.search(r"\)\s*$", text):
                    text = ""
                else:
                    text += "{}"
        elif depth == 0 and char == ";":
            yield start, text.strip()
            text = ""
        elif depth == 0:
            if not text.strip():
                start, text = line, ""
            text += char


def mutable(declaration):
    text = re.sub(r"__attribute__\s*\(\(.*?\)\)", "", declaration, flags=re.S)
    text = re.sub(r"^(?:struct|union|enum)\s*\w*\s*\{\}\s*$", "", text).strip()
    if not text or re.match(r"(?:typedef|extern|_Static_assert|static_assert)\b", text):
        return False
    name = text.split("=")[0].strip()
    if re.fullmatch(r"(?:struct|union|enum)\s+\w+", name):
        return False
    if re.match(r"[^(]*\((?!\s*\*)", name):
        return False  # a prototype: its first parenthesis does not open a pointer
    return "const" not in re.split(r"\*", name)[-1].split()


def check_state(code):
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", blank_lines, code, flags=re.M)
    for line, declaration in top_level(code):
        if mutable(declaration):
            yield line, "mutable variable at file scope: %s" % " ".join(declaration.split())[:60]
    for match in re.finditer(r"^[ \t]+static\s+([^;{=(]*)[;{=]", code, re.M):
        if mutable("static " + match.group(1)):
            yield code.count("\n", 0, match.start()) + 1, "mutable static variable in a function"


def blank_lines(match):
    return "\n" * match.group().count("\n")


def check_python_functions(text):
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        yield error.lineno or 1, "not Python: %s" % error.msg
        return
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            size = node.end_lineno - node.lineno
            if size > MAX_FUNCTION:
                yield node.lineno, "function of %d lines (at most %d)" % (size, MAX_FUNCTION)


def check_shell_functions(lines):
    start = None
    for number, line in enumerate(lines, 1):
        if re.match(r"[\w-]+\s*\(\)\s*\{?\s*$", line):
            start = number
        elif line.startswith("}") and start is not None:
            if number - start - 1 > MAX_FUNCTION:
                yield start, "function of %d lines (at most %d)" % (number - start - 1, MAX_FUNCTION)
            start = None


def check_c(name, text):
    code = TOKEN.sub(blank, text)
    yield from check_c_functions(code.splitlines())
    if not name.startswith("src/"):
        return
    yield from check_includes(name, text)
    if not name.startswith("src/cli/") and name not in MAY_PRINT:
        for match in PRINTING.finditer(code):
            yield code.count("\n", 0, match.start()) + 1, "only src/cli prints"
    if name not in MAY_KEEP_STATE:
        yield from check_state(code)


def check_file(name, data):
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return
    for number, line in enumerate(text.splitlines(), 1):
        if MACHINE_PATH.search(line):
            yield number, "absolute path of one machine"
    # tests/data is what programs other than ours wrote.
    sized = name.startswith(("src/", "python/", "tests/", "script/", "bench/", "examples/"))
    sized = sized and not name.startswith("tests/data/")
    suffix = pathlib.PurePath(name).suffix
    is_shell = suffix in (".sh", "") and text.startswith("#!") and "sh\n" in text[:40]
    if not sized or not (suffix in (".c", ".h", ".py") or is_shell):
        return
    lines = text.splitlines()
    if len(lines) > MAX_FILE:
        yield len(lines), "file of %d lines (at most %d)" % (len(lines), MAX_FILE)
    if suffix in (".c", ".h"):
        yield from check_c(name, text)
    elif suffix == ".py" or "python" in lines[0]:
        yield from check_python_functions(text)
    else:
        yield from check_shell_functions(lines)


def main(root):
    root = pathlib.Path(root)
    breaches = 0
    for path in files_of(root):
        name = path.relative_to(root).as_posix()
        for line, message in check_file(name, path.read_bytes()):
            print("%s:%d: %s" % (name, line, message))
            breaches += 1
    return 1 if breaches else 0


if __name__ == "__main__":
    here = pathlib.Path(__file__).resolve().parent.parent.parent
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else here))
