// SPDX-License-Identifier: Apache-2.0
// library: families by family.h; besides them what has a pool of its own and no place there, as
// threadpoolctl does not know it.
#include "threads/library.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/process.h"
#include "threads/family.h"
#include "threads/symbols.h"

enum { VARIABLES = 4 };
// By a part of the path: a package's own extension.
static const struct other {
    const char *part, *name, *variable, *call;
} others[] = {
    {"/numexpr/interpreter.", "numexpr", "NUMEXPR_NUM_THREADS", "numexpr.set_num_threads"},
    {"/polars/polars.", "polars", "POLARS_MAX_THREADS", NULL},
    {"/_polars_runtime", "polars", "POLARS_MAX_THREADS", NULL},
    {"/numba/np/ufunc/workqueue.", "numba", "NUMBA_NUM_THREADS", "numba.set_num_threads"},
    {"/numba/np/ufunc/omppool.", "numba", "NUMBA_NUM_THREADS", "numba.set_num_threads"},
    {"/numba/np/ufunc/tbbpool.", "numba", "NUMBA_NUM_THREADS", "numba.set_num_threads"},
    {"/libtorch_cpu.so", "torch", "OMP_NUM_THREADS", "torch.set_num_threads"},
    {"/libtbb.so", "TBB", NULL, "tbb.global_control"},
    {"/libmkl_core.", "MKL", "MKL_NUM_THREADS", "threadpool_limits"},
    {"/libtatlas.so", "ATLAS", NULL, NULL},
};
// Which variables count, the first that is set.
static const struct rule {
    const char *name;
    const char *variable[VARIABLES];
    int masked;     // the CPUs of the mask are a limit to them
    unsigned least; // threads where none is set; 0: as many as CPUs
} rules[] = {
    {"OpenBLAS", {"OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS"}, 1, 0},
    {"BLIS", {"BLIS_NUM_THREADS", "OMP_NUM_THREADS"}, 0, 1},
    {"MKL", {"MKL_NUM_THREADS", "OMP_NUM_THREADS"}, 1, 0},
    {"FlexiBLAS", {"FLEXIBLAS_NUM_THREADS", "OMP_NUM_THREADS"}, 0, 0},
    {"OpenMP", {"OMP_NUM_THREADS"}, 0, 0},
    {"numexpr", {"NUMEXPR_NUM_THREADS", "OMP_NUM_THREADS"}, 0, 0},
    {"polars", {"POLARS_MAX_THREADS"}, 0, 0},
    {"numba", {"NUMBA_NUM_THREADS"}, 0, 0},
    {"torch", {"OMP_NUM_THREADS", "MKL_NUM_THREADS"}, 0, 0},
    {"TBB", {NULL}, 0, 0},
};

static const struct other *other_of(const char *path)
{
    for (size_t i = 0; i < COUNT(others); i++)
        if (strstr(path, others[i].part))
            return &others[i];
    return NULL;
}

// libblas.so.3, libgslcblas.so.0; not blastp.
static int is_blas_by_name(const char *base)
{
    return str_starts(base, "lib") && strstr(base, "blas") && strstr(base, ".so");
}

int library_is(const char *path, size_t size)
{
    CLEANUP_FREE char *whole = mem_dupn(path, size);
    const char *base = fs_base(whole);
    return family_of(base, NULL) || other_of(whole) || is_blas_by_name(base);
}

// Extensions of Python, some hundreds, are none that others call; MKL's parts are known by one of them.
static int is_library(const char *base)
{
    return str_starts(base, "lib") && strstr(base, ".so") && !str_starts(base, "libmkl_");
}

// The file that a process has mapped: of another one by that name nothing follows. Returns -1 then.
static int open_file(const struct maps_file *file, const char *open_root)
{
    struct stat st;
    CLEANUP_FREE char *path = mem_print("%s%.*s", open_root, (int)file->path_size, file->path);
    CLEANUP_CLOSE int fd = file->deleted ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_ino != file->inode)
        return -1;
    return TAKE_FD(fd);
}

int library_is_by_exports(const struct maps_file *file, const char *open_root)
{
    static const char *const names[] = {"cblas_dgemm", "dgemm_"};
    struct symbols symbols;
    uint64_t address;
    CLEANUP_FREE char *path = mem_dupn(file->path, file->path_size);
    if (!is_library(fs_base(path)))
        return 0;
    CLEANUP_CLOSE int fd = open_file(file, open_root);
    if (fd < 0 || symbols_open(fd, &symbols) < 0)
        return 0;
    for (size_t i = 0; i < COUNT(names); i++)
        if (symbols_find(&symbols, names[i], &address) == 0)
            return 1;
    return 0;
}

static void name_library(struct library *library)
{
    const char *base = fs_base(library->path);
    const struct family *family = family_of(base, NULL);
    const struct other *other = family ? NULL : other_of(library->path);
    library->kind = LIBRARY_UNKNOWN;
    if (family) {
        library->kind = strcmp(family->user_api, "blas") == 0 ? LIBRARY_BLAS : LIBRARY_OPENMP;
        library->name = family->name;
        library->api = family->internal_api;
        library->variable = family->variable;
        library->call = "threadpool_limits";
    } else if (other) {
        library->kind = strcmp(other->name, "MKL") == 0 ? LIBRARY_BLAS : LIBRARY_OTHER;
        library->name = other->name;
        library->variable = other->variable;
        library->call = other->call;
    }
}

// The version of a package in a folder of packages, of NAME-VERSION.dist-info. Yours, or NULL.
static char *version_of(const char *folder, const char *package)
{
    DIR *stream = opendir(folder);
    size_t size = strlen(package);
    char *found = NULL;
    for (struct dirent *entry; !found && stream && (entry = readdir(stream));) {
        const char *name = entry->d_name;
        if (strncasecmp(name, package, size) == 0 && name[size] == '-' &&
            str_ends(name, ".dist-info"))
            found = mem_dupn(name + size + 1, strlen(name) - size - 1 - strlen(".dist-info"));
    }
    if (stream)
        closedir(stream);
    return found;
}

// ".../site-packages/numpy.libs/lib...", ".../site-packages/sklearn/...": whose it is.
static void find_package(struct library *library, const char *root)
{
    static const char *const folders[] = {"/site-packages/", "/dist-packages/"};
    for (size_t i = 0; i < COUNT(folders); i++) {
        const char *at = strstr(library->path, folders[i]);
        const char *name = at ? at + strlen(folders[i]) : NULL;
        const char *slash = name ? strchr(name, '/') : NULL;
        if (!slash)
            continue;
        size_t size = (size_t)(slash - name);
        if (size > 5 && memcmp(slash - 5, ".libs", 5) == 0)
            size -= 5;
        library->package = mem_dupn(name, size);
        CLEANUP_FREE char *folder =
            mem_print("%s%.*s", root, (int)(name - library->path), library->path);
        library->package_version = version_of(folder, library->package);
        return;
    }
}

// "libgomp.so.1.0.0", "libmkl_rt.so.2", "libopenblasp-r0.3.21.so".
static char *version_of_name(const char *base)
{
    const char *at = strstr(base, "-r");
    if (at && isdigit((unsigned char)at[2])) {
        size_t size = strspn(at + 2, "0123456789.");
        while (size && at[2 + size - 1] == '.')
            size--;
        return mem_dupn(at + 2, size);
    }
    return NULL;
}

// Names without what stands around those of functions; some builds hide them. Of a build on OpenMP the last two
// say nothing: its threads are OpenMP's.
static void find_counters(struct library *library, const struct symbols *symbols)
{
    uint64_t own;
    symbols_find(symbols, "blas_cpu_number", &library->used);
    if (symbols_find(symbols, "exec_blas_async", &own) < 0)
        return;
    symbols_find(symbols, "blas_num_threads", &library->made);
    symbols_find(symbols, "blas_server_avail", &library->up);
}

static void read_file(struct library *library, int fd)
{
    CLEANUP_STR struct str version = {0};
    struct symbols symbols;
    if (symbols_open(fd, &symbols) < 0)
        return;
    library->counts = 1;
    library->low = symbols.low;
    library->high = symbols.high;
    if (library->name && strcmp(library->name, "OpenBLAS") == 0) {
        find_counters(library, &symbols);
        if (!library->version && symbols_text(&symbols, "OpenBLAS ", &version) == 0)
            library->version = str_take(&version);
    }
}

void library_read(const struct maps_file *file, const char *open_root, struct library *ret)
{
    *ret = (struct library){.inode = file->inode};
    ret->path = mem_dupn(file->path, file->path_size);
    name_library(ret);
    ret->version = version_of_name(fs_base(ret->path));
    find_package(ret, open_root);
    CLEANUP_CLOSE int fd = open_file(file, open_root);
    if (fd >= 0)
        read_file(ret, fd);
    if (!ret->version && ret->kind == LIBRARY_OTHER)
        ret->version = mem_dup(ret->package_version);
}

void library_free(struct library *library)
{
    free(library->path);
    free(library->version);
    free(library->package);
    free(library->package_version);
    *library = (struct library){0};
}

// "4", "4,2"; 0 if there is none.
static unsigned count_of(const struct str *environment, const char *name)
{
    CLEANUP_FREE char *begin = mem_print("%s=", name);
    const char *value = process_entry(environment, begin, strlen(begin));
    if (!value)
        return 0;
    char *end;
    value += strspn(value, " \t");
    unsigned long number = isdigit((unsigned char)*value) ? strtoul(value, &end, 10) : 0;
    return number < 100000 ? (unsigned)number : 0;
}

unsigned library_by_environment(const struct library *library, const struct str *environment,
                                unsigned cpus, const char **ret_by)
{
    *ret_by = NULL;
    for (size_t i = 0; library->name && i < COUNT(rules); i++) {
        const struct rule *rule = &rules[i];
        if (strcmp(rule->name, library->name) != 0)
            continue;
        for (size_t k = 0; k < VARIABLES && rule->variable[k]; k++) {
            unsigned count = count_of(environment, rule->variable[k]);
            if (!count)
                continue;
            *ret_by = rule->variable[k];
            return rule->masked && count > cpus ? cpus : count;
        }
        return rule->least ? rule->least : cpus;
    }
    return 0;
}
