// SPDX-License-Identifier: Apache-2.0
#include "modulefile/tcl_library.h"

#include <dlfcn.h>
#include <string.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"

static const char *const names[] = {"libtcl8.6.so", "libtcl8.7.so", "libtcl8.6.so.0",
                                    "libtcl8.5.so", "libtcl8.5.so.0"};

// Where a site's tclsh is on PATH but its library is not among the system's: beside it.
static void *open_beside(const struct vars *vars)
{
    static const char *const shells[] = {"tclsh8.6", "tclsh", "tclsh8.7", "tclsh8.5"};
    const char *path = vars_get(vars, "PATH");
    void *library = NULL;
    for (size_t i = 0; i < COUNT(shells) && !library && path; i++) {
        CLEANUP_FREE char *program = fs_program(path, shells[i]);
        CLEANUP_FREE char *folder = program ? fs_folder(program) : NULL;
        for (size_t k = 0; k < 2 * COUNT(names) && !library && folder; k++) {
            CLEANUP_FREE char *file =
                mem_print("%s/../%s/%s", folder, k % 2 ? "lib64" : "lib", names[k / 2]);
            library = dlopen(file, RTLD_LAZY | RTLD_LOCAL);
        }
    }
    return library;
}

static int load(struct tcl_library *tcl)
{
    void *found;
#define X(name)                                                                                \
    found = dlsym(tcl->library, "Tcl_" #name);                                                 \
    if (!found)                                                                                \
        return -1;                                                                             \
    memcpy(&tcl->name, &found, sizeof found);
    TCL_FUNCTIONS(X)
#undef X
    found = dlsym(tcl->library, "Tcl_GetErrorLine");
    memcpy(&tcl->GetErrorLine, &found, sizeof found);
    found = dlsym(tcl->library, "Tcl_CancelEval");
    memcpy(&tcl->CancelEval, &found, sizeof found);
    return 0;
}

int tcl_library_open(struct tcl_library *ret, const struct vars *vars, struct err *err)
{
    const char *said = vars_get(vars, "LOPIN_TCL_LIBRARY");
    *ret = (struct tcl_library){0};
    if (said && *said) {
        ret->library = dlopen(said, RTLD_LAZY | RTLD_LOCAL);
        if (ret->library && load(ret) == 0)
            return 0;
        err_set(err, ERR_MODULE, _("'%s' (LOPIN_TCL_LIBRARY) is no library of Tcl 8"), said);
        return err_hint(err, "try", "unset LOPIN_TCL_LIBRARY");
    }
    for (size_t i = 0; i < COUNT(names) && !ret->library; i++)
        ret->library = dlopen(names[i], RTLD_LAZY | RTLD_LOCAL);
    if (!ret->library)
        ret->library = open_beside(vars);
    if (ret->library && load(ret) == 0)
        return 0;
    err_set(err, ERR_MODULE, _("the library of Tcl 8 is not on this machine"));
    return err_hint(
        err, "try",
        _("install it (libtcl8.6, tcl), put a tclsh on PATH whose library is beside "
          "it, or name it by LOPIN_TCL_LIBRARY"));
}
