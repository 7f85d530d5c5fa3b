// SPDX-License-Identifier: Apache-2.0
#include "env/launcher.h"

#include <string.h>

enum { FIRST_LINE_MAX = 127 }; // of execve(2) before Linux 5.1

// For sh within a Python string of three quotes: three of them side by side must not come about, nor a
// backslash before anything but a quote.
static void add_word(struct str *into, const char *word)
{
    str_add_char(into, '"');
    for (; *word; word++)
        if (*word == '\'')
            str_add(into, "\"\\'\"");
        else if (strchr("\"$`\\", *word))
            str_print(into, "\"'%c'\"", *word);
        else
            str_add_char(into, *word);
    str_add_char(into, '"');
}

void launcher_add_first(struct str *into, const char *python)
{
    if (strlen(python) + 2 <= FIRST_LINE_MAX && !strpbrk(python, " \t\n\r")) {
        str_print(into, "#!%s\n", python);
        return;
    }
    str_add(into, LAUNCHER_BY_SH);
    add_word(into, python);
    str_add(into, " \"$0\" \"$@\"\n' '''\n");
}

// The module is imported under its own name, and nothing runs when a child of multiprocessing reads
// this file again.
void launcher_add(struct str *into, const char *python, struct piece module,
                  struct piece object)
{
    struct piece rest = object;
    struct piece first = piece_cut(&rest, '.');
    launcher_add_first(into, python);
    str_print(into, "import sys\n\nfrom %.*s import %.*s\n\nif __name__ == \"__main__\":\n",
              (int)module.size, module.text, (int)first.size, first.text);
    str_print(into, "    sys.exit(%.*s())\n", (int)object.size, object.text);
}

void launcher_add_script(struct str *into, const char *python, struct piece script)
{
    const char *end = script.text + script.size;
    const char *line = script.size ? memchr(script.text, '\n', script.size) : NULL;
    launcher_add_first(into, python);
    if (line)
        str_add_bytes(into, line + 1, (size_t)(end - line - 1));
}
