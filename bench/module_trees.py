# SPDX-License-Identifier: Apache-2.0
"""Trees of modulefiles as EasyBuild writes them: Core, 4 compilers and 8 folders of an MPI, some packages, two or three versions each.

    python3 bench/module_trees.py FOLDER FILES lua|tcl|mixed
"""
import pathlib
import sys

COMPILERS = ["gcc/12.3", "gcc/13.2", "intel/2023.2", "llvm/17.0"]
MPIS = ["openmpi/4.1", "mpich/4.2"]

LUA = """help([==[

Description
===========
{name} is a package of this tree, which does what packages do.

More information
================
 - Homepage: https://example.org/{name}
]==])
whatis([==[Description: {name} is a package of this tree, which does what packages do.]==])
whatis([==[Homepage: https://example.org/{name}]==])
whatis([==[URL: https://example.org/{name}]==])
local root = "/opt/software/{name}/{version}"
conflict("{name}")
prepend_path("CMAKE_PREFIX_PATH", root)
prepend_path("CPATH", pathJoin(root, "include"))
prepend_path("LD_LIBRARY_PATH", pathJoin(root, "lib"))
prepend_path("LIBRARY_PATH", pathJoin(root, "lib"))
prepend_path("MANPATH", pathJoin(root, "share/man"))
prepend_path("PATH", pathJoin(root, "bin"))
prepend_path("PKG_CONFIG_PATH", pathJoin(root, "lib/pkgconfig"))
setenv("EBROOT{upper}", root)
setenv("EBVERSION{upper}", "{version}")
setenv("EBDEVEL{upper}", pathJoin(root, "easybuild/{name}-{version}-easybuild-devel"))
"""
TCL = """#%Module
proc ModulesHelp {{ }} {{
    puts stderr {{

Description
===========
{name} is a package of this tree, which does what packages do.
}}
}}
module-whatis {{Description: {name} is a package of this tree, which does what packages do.}}
module-whatis {{Homepage: https://example.org/{name}}}
module-whatis {{URL: https://example.org/{name}}}
set root /opt/software/{name}/{version}
conflict {name}
prepend-path CMAKE_PREFIX_PATH $root
prepend-path CPATH $root/include
prepend-path LD_LIBRARY_PATH $root/lib
prepend-path LIBRARY_PATH $root/lib
prepend-path MANPATH $root/share/man
prepend-path PATH $root/bin
prepend-path PKG_CONFIG_PATH $root/lib/pkgconfig
setenv EBROOT{upper} $root
setenv EBVERSION{upper} {version}
setenv EBDEVEL{upper} $root/easybuild/{name}-{version}-easybuild-devel
"""


class Tree:
    def __init__(self, folder, files, language):
        self.folder, self.files, self.language = pathlib.Path(folder), files, language
        self.count = 0

    def put(self, place, full, extra=(), body=True):
        """A file; extra: (command, words...) in Lua's names."""
        name, version = full.rsplit("/", 1)
        is_lua = self.language == "lua" or (self.language == "mixed" and self.count % 2 == 0)
        self.count += 1
        words = {"name": name, "version": version, "upper": name.upper().replace("-", "")}
        text = (LUA if is_lua else TCL).format(**words) if body else "" if is_lua else "#%Module\n"
        for command, *arguments in extra:
            if is_lua:
                text += "%s(%s)\n" % (command, ", ".join('"%s"' % word for word in arguments))
            else:
                text += "%s %s\n" % (command.replace("_", "-"), " ".join(arguments))
        path = self.folder / place / (full + (".lua" if is_lua else ""))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def fill(self, place, count):
        """So many files of packages, 4 or 5 versions each."""
        for number in range(count):
            self.put(place, "pkg%03d-%s/%d.%d" % (number // 5, place.replace("/", "-").lower(), 1 + number % 5, number % 7))

    def make(self):
        root = str(self.folder)
        places = ["Core"]
        self.put("Core", "python/3.10.4")
        self.put("Core", "python/3.11.5")
        for compiler in COMPILERS:
            self.put("Core", compiler, [("family", "compiler"), ("prepend_path", "MODULEPATH", "%s/Compiler/%s" % (root, compiler))])
            places.append("Compiler/" + compiler)
            self.put(places[-1], "python/3.11.5")
            for mpi in MPIS:
                self.put("Compiler/" + compiler, mpi, [("family", "mpi"), ("prepend_path", "MODULEPATH", "%s/MPI/%s/%s" % (root, compiler, mpi))])
                places.append("MPI/%s/%s" % (compiler, mpi))
                self.put(places[-1], "hdf5/1.14.3")
        for number in range(10):
            self.put("Core", "chain%d/1.0" % number, [("depends_on", "chain%d/1.0" % (number + 1))] if number < 9 else [])
        left = self.files - self.count
        for number, place in enumerate(places):
            self.fill(place, left // len(places) + (number < left % len(places)))
        return self.folder / "Core"


def make(folder, files, language):
    """Returns what MODULEPATH is."""
    return str(Tree(folder, files, language).make())


if __name__ == "__main__":
    print(make(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
