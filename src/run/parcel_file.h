// SPDX-License-Identifier: Apache-2.0
// parcel_file: the file of one parcel in the folder `claims`, its names and what it says (docs/formats.md,
// "claims/"); inside of claims.c, and what others see of parcels.
#pragma once

#include <stdint.h>

#include "base/str.h"
#include "run/claims.h"

enum { PARCEL_NAME_SIZE = 64 };
#define JOB_LINE   "job "
#define SELF_LINE  "\nparcel "
#define ROUND_LINE "\nround "
#define WHY_LINE   "\nwhy "
#define OVER_LINE  "\nover "

void parcel_file_name(unsigned parcel, unsigned restart, char ret[PARCEL_NAME_SIZE]);
// The reverse. Returns 0, or -1: it is no such name.
int parcel_file_number(const char *name, unsigned *ret_parcel, unsigned *ret_restart);
int parcel_file_is_there(int dir, const char *name);
// Calls `each` for every name of the folder. Returns 0, or -1 with errno.
int parcel_file_each(int dir, void (*each)(void *context, const char *name), void *context);
// What the file says behind `line`; NULL: nothing.
const char *parcel_file_said(const struct str *said, const char *line);
// What it tells, by any of its names. `now`: as for owner_look_name.
void parcel_file_look(int dir, const char *name, int64_t now, struct parcel_look *ret);
