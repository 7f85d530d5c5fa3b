#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The tree of the set hierarchy: two compilers, two MPIs, what is built by each, and a user's own: hierarchy.py > tests/cases/modules/hierarchy/tree.txt"""

COMPILERS = {"gcc": ["11.3", "12.2", "13.1"], "intel": ["2021", "2023"]}
MPIS = {"openmpi": ["4.1.4", "4.1.6", "5.0"], "mpich": ["4.0"]}
LIBRARIES = {"fftw": ["3.3.8", "3.3.10"], "blas": ["1.0"]}
PARALLEL = {"hdf5": ["1.10.8", "1.14.0"], "netcdf": ["4.9"], "petsc": ["3.18", "3.20"]}


def file(path, *lines):
    print("== %s.lua" % path)
    print("\n".join(lines))


def package(where, name, version, *lines):
    root = "/opt/%s/%s/%s" % (where.lower(), name, version)
    file("%s/%s/%s" % (where, name, version), 'whatis("Name: %s")' % name, *lines, 'setenv("%s_ROOT", "%s")' % (name.upper(), root), 'prepend_path("PATH", "%s/bin")' % root,
         'prepend_path("LD_LIBRARY_PATH", "%s/lib")' % root)


def main():
    print("# Made by tests/oracle/hierarchy.py.")
    for name in ("cmake", "zlib"):
        for version in ("1.9", "1.10"):
            package("Core", name, version)
    file("Core/tools/1", 'depends_on("cmake", "zlib/1.9")', 'setenv("TOOLS", "1")')
    file("Core/foss/2023", 'load("gcc/12.2", "openmpi/4.1.4")', 'load("fftw")', 'setenv("FOSS", "2023")')
    file("Core/foss/2024", 'depends_on("gcc/13.1", "openmpi/4.1.6", "fftw")', 'setenv("FOSS", "2024")')
    file("Core/mine/1", 'prepend_path("MODULEPATH", "TREE/User/Core")', 'setenv("MINE", "1")')
    file("Core/behind/1", 'append_path("MODULEPATH", "TREE/User/Core")')
    file("User/Core/cmake/1.11", 'setenv("CMAKE_ROOT", "/home/cmake")')
    file("User/Core/own/1", 'depends_on("zlib")', 'setenv("OWN", "1")')
    for compiler, versions in COMPILERS.items():
        for version in versions:
            built = "Compiler/%s/%s" % (compiler, version)
            package("Core", compiler, version, 'family("compiler")', 'prepend_path("MODULEPATH", "TREE/%s")' % built,
                    'if isDir("TREE/User/%s") then prepend_path("MODULEPATH", "TREE/User/%s") end' % (built, built))
            for name, found in LIBRARIES.items():
                for number in found:
                    if (compiler, name) != ("intel", "blas"):
                        package(built, name, number)
            for mpi, numbers in MPIS.items():
                for number in numbers:
                    if version == "11.3" and number == "5.0":
                        continue
                    parallel = "MPI/%s/%s/%s/%s" % (compiler, version, mpi, number)
                    package(built, mpi, number, 'family("mpi")', 'prepend_path("MODULEPATH", "TREE/%s")' % parallel)
                    if version == "2021":
                        continue
                    for name, found in PARALLEL.items():
                        for release in found:
                            lines = {"hdf5": ['depends_on("zlib")'], "netcdf": ['depends_on("hdf5")'], "petsc": ['conflict("netcdf")', 'prereq("fftw")']}[name]
                            if (number, release) != ("5.0", "1.10.8"):
                                package(parallel, name, release, *lines)
    file("User/Compiler/gcc/12.2/fftw/3.4", 'setenv("FFTW_ROOT", "/home/fftw")')


if __name__ == "__main__":
    main()
