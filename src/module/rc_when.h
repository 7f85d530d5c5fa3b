// SPDX-License-Identifier: Apache-2.0
// rc_when: for whom and when a line of an rc file counts (module-hide --after, hide{userA=...}).
//
// It is kept as a text, so that what is kept in a cache holds at any time and for any user: a line
// for each condition, its letter first; "": always, for all. Who asks, and when, is passed in.
#pragma once

#include <stdint.h>

#include "base/str.h"

enum rc_condition { // the letters
    RC_BEFORE = 'b',
    RC_AFTER = 'a',
    RC_USER = 'u',
    RC_GROUP = 'g',
    RC_NOT_USER = 'U',
    RC_NOT_GROUP = 'G'
};
struct rc_who {  // zero: nobody asks, and nothing holds that has a condition
    int64_t now; // seconds since 1970
    int (*is)(const char *name, int is_group); // whether we are that user, or in that group
};
// The user of the process, by its effective ids, now. Nothing is looked up before it is asked.
void rc_who_us(struct rc_who *ret);
// Adds a condition. A time is YYYY-MM-DD or YYYY-MM-DDTHH:MM, of this machine's zone. The name "" of
// RC_USER and RC_GROUP is nobody's. Returns 0, or -1: it is no time.
int rc_when_add(struct str *when, enum rc_condition condition, const char *value);
// Before RC_BEFORE, or from RC_AFTER on, where one of them is said; of RC_USER and RC_GROUP one is
// enough, and those of RC_NOT_ count only where neither is said.
int rc_when_holds(const char *when, const struct rc_who *who);
// Where it does not hold, and will within so many days: the time from which it does, else 0.
int64_t rc_when_nears(const char *when, const struct rc_who *who, unsigned long days);
