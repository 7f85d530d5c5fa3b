// SPDX-License-Identifier: Apache-2.0
// spec: versions behind a name as Environment Modules writes them: "py@3.9" (3.9, else the newest 3.9.x), "py@3:",
// "py@:3.9", "py@3.8:3.10" (with what these begin), "py@3.8,3.10:", "py@default", "py@latest".
//
// A name that a module has with its '@' is that module: who asks looks for it first.
#pragma once

// What stands before the '@'. Yours; NULL: there is none, or several, or nothing before it.
char *spec_name(const char *text);
// What stands behind it; of texts that have a spec_name.
const char *spec_versions(const char *text);
// Whether it is a list or a range: else one version.
int spec_is_list(const char *versions);
int spec_fits(const char *versions, const char *version);
// Whether a full name, "py/3.9.6", is of the name and of the versions of a text that may be any: "py@3.9:" holds it.
int spec_holds(const char *text, const char *full);
// Whether a version is one of those that "3.9" means where there is no 3.9 itself: 3.9.6 is, 3.91 is not.
int spec_extends(const char *version, const char *wanted);
