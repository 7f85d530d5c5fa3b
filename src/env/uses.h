// SPDX-License-Identifier: Apache-2.0
// uses: what an environment leads to: the links in it.
#pragma once

// Called with the target of a link that is an absolute path.
typedef void uses_each(void *context, const char *target);
// Walks through a folder without following links.
void uses_links(const char *folder, uses_each *each, void *context);
