// SPDX-License-Identifier: Apache-2.0
// Prints a machine's shape for oracle.py: a line a CPU online, "CPU core package node cache".
#include <stdio.h>

#include "machine/topo.h"

int main(int argc, char **argv)
{
    struct topo topo;
    struct cpuset none = {0};
    topo_read(argc > 1 ? argv[1] : "", &none, &topo);
    for (int i = cpuset_first(&topo.online); i >= 0; i = cpuset_next(&topo.online, i))
        printf("%d %d %d %d %d\n", i, topo.cpu[i].core, topo.cpu[i].package, topo.cpu[i].numa,
               topo.cpu[i].cache);
    topo_free(&topo);
    return 0;
}
