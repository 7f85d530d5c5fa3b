// SPDX-License-Identifier: Apache-2.0
// explanations_module: what errors about modulefiles mean (explanations.c).
#pragma once

#include "base/lang.h"

#define EXPLAIN_NO_MODULE                                                                      \
    {                                                                                          \
        N_("no module is so called"),                                                          \
            N_("No folder of MODULEPATH has a modulefile of that name, or no version of it\n"  \
               "that fits. In a hierarchy it may be below a compiler or an MPI that is not\n"  \
               "loaded. Nothing was changed.\n"                                                \
               "\n"                                                                            \
               "    module avail                        what can be loaded now\n"              \
               "    module avail hdf5                   names with a text in them\n"           \
               "    module use DIR                      look in another folder too\n"          \
               "    module savelist                     the names of collections\n")           \
    }
#define EXPLAIN_MODULE                                                                         \
    {                                                                                          \
        N_("a modulefile is wrong, or refuses"),                                               \
            N_("It has an error in it, asks for modules that are not loaded (prereq), "        \
               "cannot\n"                                                                      \
               "stand beside one that is (conflict), does not come to an end, or says why "    \
               "it\n"                                                                          \
               "does not want to be loaded. The line names the file and what it says. The\n"   \
               "whole command was given up: nothing was changed.\n"                            \
               "\n"                                                                            \
               "    module show NAME                    what the modulefile does\n"            \
               "    module list                         what is loaded\n")                     \
    }
#define EXPLAIN_MODULE_STATE                                                                   \
    {                                                                                          \
        N_("what is said to be loaded cannot be read"),                                        \
            N_("The variables _ModuleTable001_ and others hold what is loaded, as Lmod 8 "     \
               "has\n"                                                                         \
               "it. They were cut, changed by hand, or written by another version. They are\n" \
               "read as data and never evaluated.\n"                                           \
               "\n"                                                                            \
               "    module --force purge                begin anew with what the lists have\n" \
               "    exec bash -l                        a new shell\n")                        \
    }
