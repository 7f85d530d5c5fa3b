// SPDX-License-Identifier: Apache-2.0
// team: how many threads a parallel region of OpenMP has.
int team(void);
int team(void)
{
    int count = 0;
#pragma omp parallel reduction(+ : count)
    count += 1;
    return count;
}
