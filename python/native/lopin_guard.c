// SPDX-License-Identifier: Apache-2.0
// lopin_guard: the extension _lopin_guard, on the stable ABI of CPython 3.6: one file for all versions.
//
// need("x86-64-v3 avx") is called at the start of each Python of an environment that lopin made, before
// any package is imported (lopin-guard.pth): where the processor lacks something it says which
// package needs it, as the stamp beside this file has it (docs/formats.md, "Environments"), and ends the
// process. watch() names the library of an illegal instruction; start() is the nested guard's (forks.h).
// Nothing in this file allocates by Python.
#define Py_LIMITED_API 0x03060000
#include <Python.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "forks.h"
#include "machine/isa.h"

enum { STATUS_REFUSED = 3, STAMP_MAX = 4 << 20 };

static int is_french(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (int i = 0; i < 3; i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return strncmp(value, "fr", 2) == 0;
    }
    return 0;
}

static uint64_t need_of(const char *words)
{
    uint64_t all = 0;
    uint64_t one = 0;
    while (*words) {
        size_t size = strcspn(words, " ");
        if (isa_word(words, size, &one, NULL) >= 0)
            all |= one;
        words += size;
        words += *words == ' ';
    }
    return all;
}

// The folder of this file, with room for a name behind it.
static int own_folder(char *ret, size_t size)
{
    Dl_info info;
    if (!dladdr((void *)own_folder, &info) || !info.dli_fname)
        return -1;
    const char *slash = strrchr(info.dli_fname, '/');
    size_t length = slash ? (size_t)(slash - info.dli_fname) + 1 : 0;
    if (length >= size)
        return -1;
    memcpy(ret, info.dli_fname, length);
    ret[length] = '\0';
    return 0;
}

// %XX in place. Returns 0, or -1.
static int unescape(char *text)
{
    char *into = text;
    for (; *text; text++) {
        unsigned byte;
        if (*text != '%')
            *into++ = *text;
        else if (sscanf(text + 1, "%2x", &byte) != 1 || !text[1] || !text[2])
            return -1;
        else {
            *into++ = (char)byte;
            text += 2;
        }
    }
    *into = '\0';
    return 0;
}

// The eight fields of a line "package INFO CPU WHY MADE GLIBC NAME VERSION". Returns 0, or -1.
static int cut(char *line, char *field[8])
{
    char *rest = line;
    for (int i = 0; i < 8; i++) {
        field[i] = strsep(&rest, " ");
        if (!field[i])
            return -1;
    }
    return strcmp(field[0], "package") == 0 ? 0 : -1;
}

static void visible(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 127)
            *text = '?';
}

static void refuse(char *field[8], uint64_t need, uint64_t have)
{
    char missing[80];
    isa_missing(need, have, missing, sizeof missing);
    visible(field[6]);
    visible(field[7]);
    fflush(stdout);
    fprintf(stderr,
            is_french()
                ? "lopin : %s %s demande un processeur %s, et celui-ci est %s (sans %s) "
                  "[cpu-level]\n  essayez  lopin env check\n"
                : "lopin: %s %s needs a processor with %s, and this one has %s (no %s) "
                  "[cpu-level]\n  try   lopin env check\n",
            field[6], field[7], field[2], isa_level(have), missing);
    fflush(stderr);
    _exit(STATUS_REFUSED);
}

// Of a package that is no longer there nothing is needed.
static void look(char *folder, size_t length, size_t room, char *line, uint64_t have)
{
    char *field[8];
    uint64_t need;
    if (cut(line, field) < 0 || isa_word(field[2], strlen(field[2]), &need, NULL) < 0 ||
        !(need & ~have) || unescape(field[1]) < 0 || unescape(field[6]) < 0 ||
        unescape(field[7]) < 0 || length + strlen(field[1]) >= room)
        return;
    strcpy(folder + length, field[1]);
    if (access(folder, F_OK) == 0)
        refuse(field, need, have);
}

static char *read_stamp(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *text = NULL;
    if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size < STAMP_MAX)
        text = calloc(1, (size_t)st.st_size + 1);
    if (text && read(fd, text, (size_t)st.st_size) < 0)
        text[0] = '\0';
    if (fd >= 0)
        close(fd);
    return text;
}

static PyObject *guard_need(PyObject *self, PyObject *args)
{
    const char *words;
    char path[4096];
    (void)self;
    if (!PyArg_ParseTuple(args, "s", &words))
        return NULL;
    uint64_t have = isa_here();
    const char *off = getenv("LOPIN_GUARD");
    if (!(need_of(words) & ~have) || (off && strcmp(off, "off") == 0) ||
        own_folder(path, sizeof path - sizeof ".lopin-stamp") < 0)
        Py_RETURN_NONE;
    size_t length = strlen(path);
    strcpy(path + length, ".lopin-stamp");
    char *text = read_stamp(path);
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n"));)
        look(path, length, sizeof path, line, have);
    free(text);
    Py_RETURN_NONE;
}

struct maps { // /proc/self/maps, read by system calls alone: all that a handler may do
    int fd;
    size_t at, size;
    char text[1024];
};

static int next_byte(struct maps *maps)
{
    if (maps->at == maps->size) {
        ssize_t size = read(maps->fd, maps->text, sizeof maps->text);
        if (size <= 0)
            return -1;
        maps->at = 0;
        maps->size = (size_t)size;
    }
    return (unsigned char)maps->text[maps->at++];
}

// Returns the byte behind the number.
static int read_hex(struct maps *maps, uintptr_t *ret)
{
    int byte;
    for (*ret = 0; (byte = next_byte(maps)) >= 0; *ret = *ret << 4 | (unsigned)byte)
        if (byte >= '0' && byte <= '9')
            byte -= '0';
        else if (byte >= 'a' && byte <= 'f')
            byte -= 'a' - 10;
        else
            return byte;
    return -1;
}

// "BEGIN-END PERMISSIONS OFFSET DEVICE INODE   PATH". The path of the line that has the address goes to
// `path`, where it is in the file to *ret. Returns 1, 0 if it is in another line, or -1 at the end.
static int read_map(struct maps *maps, uintptr_t address, char *path, size_t room,
                    uintptr_t *ret)
{
    uintptr_t begin, end, offset;
    size_t size = 0;
    int byte;
    if (read_hex(maps, &begin) < 0)
        return -1;
    read_hex(maps, &end);
    for (int i = 0; i < 5; i++) // "r-xp "
        next_byte(maps);
    read_hex(maps, &offset);
    while ((byte = next_byte(maps)) >= 0 && byte != '\n')
        if ((byte == '/' || byte == '[' || size) && size + 1 < room)
            path[size++] = byte < ' ' || byte == 127 ? '?' : (char)byte;
    path[size] = '\0';
    *ret = address - begin + offset;
    return address >= begin && address < end;
}

static size_t add(char *line, size_t size, const char *text)
{
    size_t length = strlen(text);
    memcpy(line + size, text, length);
    return size + length;
}

static size_t add_hex(char *line, size_t size, uintptr_t number)
{
    char digits[2 * sizeof number + 1] = "";
    size_t at = sizeof digits - 1;
    do
        digits[--at] = "0123456789abcdef"[number & 15];
    while ((number >>= 4) && at > 0);
    return add(line, size, digits + at);
}

static void tell_library(uintptr_t address)
{
    struct maps maps = {.fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC)};
    char path[1024];
    char line[sizeof path + 80];
    uintptr_t offset;
    int found = 0;
    while (maps.fd >= 0 && !found)
        found = read_map(&maps, address, path, sizeof path, &offset);
    if (found == 1 && *path) {
        size_t size = add(line, 0, "lopin: illegal instruction in ");
        size = add(line, size, path);
        size = add(line, size, " at 0x");
        size = add_hex(line, size, offset);
        size = add(line, size, "\n");
        ssize_t written = write(STDERR_FILENO, line, size);
        (void)written;
    }
    if (maps.fd >= 0)
        close(maps.fd);
}

// The default is back (SA_RESETHAND): the same instruction, or the same signal once more, ends the process
// as it would have without us.
static void on_illegal(int number, siginfo_t *info, void *context)
{
    int errnum = errno;
    (void)context;
    if (info->si_code > 0) // by the processor, not by kill()
        tell_library((uintptr_t)info->si_addr);
    else
        raise(number);
    errno = errnum;
}

static PyObject *guard_watch(PyObject *self, PyObject *none)
{
    struct sigaction before;
    struct sigaction action = {.sa_sigaction = on_illegal,
                               .sa_flags = SA_SIGINFO | SA_RESETHAND};
    (void)self, (void)none;
    // Who handles it already knows better, and so does whoever takes it later.
    if (sigaction(SIGILL, NULL, &before) == 0 && !(before.sa_flags & SA_SIGINFO) &&
        before.sa_handler == SIG_DFL)
        sigaction(SIGILL, &action, NULL);
    Py_RETURN_NONE;
}

static PyObject *guard_start(PyObject *self, PyObject *none)
{
    (void)none;
    forks_start(self);
    Py_RETURN_NONE;
}

static void guard_free(void *self)
{
    struct forks *forks = PyModule_GetState(self);
    if (forks)
        forks_free(forks);
}

static PyMethodDef methods[] = {
    {"start", guard_start, METH_NOARGS, NULL},
    {"need", guard_need, METH_VARARGS, NULL},
    {"watch", guard_watch, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};
static struct PyModuleDef module = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "_lopin_guard",
    .m_size = sizeof(struct forks),
    .m_methods = methods,
    .m_free = guard_free,
};

PyMODINIT_FUNC PyInit__lopin_guard(void);
PyMODINIT_FUNC PyInit__lopin_guard(void)
{
    return PyModuleDef_Init(&module);
}
