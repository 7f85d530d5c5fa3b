# SPDX-License-Identifier: Apache-2.0
"""Debian's BLAS and OpenMP libraries, unpacked from their packages and not installed, and a region of OpenMP on each."""
import os
import pathlib
import shutil
import subprocess

from conftest import ROOT

SMALL = ("libopenblas0-openmp", "libomp5-14", "libgomp1", "libgfortran5", "libquadmath0")
ALL = SMALL + ("libopenblas0-pthread", "libblis4-openmp", "libblis4-pthread")
TEAM = ROOT / "tests" / "oracle" / "team.c"


def unpacked(packages):
    """The folder in which packages are unpacked, downloaded once and kept in build/; None where there is no apt-get."""
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        return None
    folder = ROOT / "build" / "debian-libraries"
    missing = [package for package in packages if not (folder / package).exists()]
    if missing:
        beside = folder / ("new.%d" % os.getpid())
        beside.mkdir(parents=True)
        subprocess.run(["apt-get", "download", "-q", *missing], cwd=beside, check=True, stdout=subprocess.DEVNULL)
        for package in missing:
            (archive,) = beside.glob(package + "_*.deb")
            subprocess.run(["dpkg", "-x", archive, beside / package], check=True)
            if not (folder / package).exists():
                (beside / package).rename(folder / package)
        shutil.rmtree(beside)
    return folder


def find(folder, package, name):
    """The file of that name in a package; those of one name are links to one file."""
    found = sorted((folder / package).glob("usr/lib/**/" + name))
    return found[0].resolve() if found else None


def search_path(folder):
    """What LD_LIBRARY_PATH must be for the packages' own needs."""
    return ":".join(str(path.parent) for name in ("libgfortran.so.5", "libquadmath.so.0", "libgomp.so.1", "libomp.so.5")
                    for path in folder.glob("*/usr/lib/*/" + name))


def teams(folder, build):
    """{"libgomp": a library with a parallel region on it, "libomp": ...}, built in `build`; libomp speaks GNU's interface too."""
    build = pathlib.Path(build)
    common = ["gcc", "-O1", "-fPIC", "-fopenmp"]
    subprocess.run([*common, "-shared", "-o", build / "team-gomp.so", TEAM], check=True)
    made = {"libgomp": build / "team-gomp.so"}
    omp = folder and find(folder, "libomp5-14", "libomp.so.5")
    if omp:
        subprocess.run([*common, "-c", "-o", build / "team.o", TEAM], check=True)
        subprocess.run(["gcc", "-shared", "-o", build / "team-omp.so", build / "team.o", omp], check=True)
        made["libomp"] = build / "team-omp.so"
    return made
