// SPDX-License-Identifier: Apache-2.0
// tcl_library: what is used of libtcl (8.5 to 8.7), looked for when the first modulefile in Tcl is
// evaluated: who has none pays nothing, and needs none.
//
// Strings in and out, and no fields of Tcl's structures, so that one build fits all of them.
#pragma once

#include <tcl.h>

#include "base/err.h"
#include "base/vars.h"

// Those that every version has.
#define TCL_FUNCTIONS(X)                                                                       \
    X(AppendResult)                                                                            \
    X(CreateCommand)                                                                           \
    X(CreateInterp)                                                                            \
    X(CreateObjCommand)                                                                        \
    X(DeleteCommand)                                                                           \
    X(DeleteInterp)                                                                            \
    X(EvalEx)                                                                                  \
    X(EvalObjEx)                                                                               \
    X(NewStringObj)                                                                            \
    X(FinalizeThread)                                                                          \
    X(FindExecutable)                                                                          \
    X(GetCommandInfo)                                                                          \
    X(GetObjResult)                                                                            \
    X(GetString)                                                                               \
    X(GetVar2)                                                                                 \
    X(Init)                                                                                    \
    X(LimitAddHandler)                                                                         \
    X(LimitSetGranularity)                                                                     \
    X(LimitSetTime)                                                                            \
    X(LimitTypeSet)                                                                            \
    X(MakeFileChannel)                                                                         \
    X(Merge)                                                                                   \
    X(Free)                                                                                    \
    X(ResetResult)                                                                             \
    X(SetChannelOption)                                                                        \
    X(SetPanicProc)                                                                            \
    X(SetStdChannel)                                                                           \
    X(SetSystemEncoding)                                                                       \
    X(SetVar2)                                                                                 \
    X(SplitList)                                                                               \
    X(TraceCommand)                                                                            \
    X(TraceVar2)                                                                               \
    X(UnsetVar2)
struct tcl_library {
    void *library;
#define X(name) __typeof__(&Tcl_##name) name;
    TCL_FUNCTIONS(X)
#undef X
    __typeof__(&Tcl_GetErrorLine) GetErrorLine; // NULL before 8.6
    __typeof__(&Tcl_CancelEval) CancelEval;     // NULL before 8.6
};
// `vars`: LOPIN_TCL_LIBRARY is the path of another one. Stays open for the life of the program.
// Returns 0, or -1 with [module-failed] and what to do.
int tcl_library_open(struct tcl_library *ret, const struct vars *vars, struct err *err);
