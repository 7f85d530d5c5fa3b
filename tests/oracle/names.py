# SPDX-License-Identifier: Apache-2.0
"""Made-up names of wheels and sdists, and interpreters with their tags, beside Python's packaging."""
import types
from unittest import mock

from lines import a_version, letters, mutate
from packaging import _manylinux, _musllinux, tags, utils

INVALID = (utils.InvalidWheelFilename, utils.InvalidSdistFilename)


def tag(rng):
    interpreters = ["py3", "py2.py3", "cp311", "cp38.cp39", "CP312", "py30", "py3"] * 3 + ["3py", "", "p\u00e9"]
    abis = ["none", "cp311", "abi3", "cp38m", "abi3.cp311", "none"] * 3 + [""]
    platforms = ["any", "linux_x86_64", "manylinux_2_17_x86_64.manylinux2014_x86_64", "musllinux_1_1_aarch64", "win_amd64", "any"] * 3 + [""]
    return "-".join([rng.choice(interpreters), rng.choice(abis), rng.choice(platforms)])


class WheelName:
    verb = "wheelname"

    def make(self, rng):
        parts = [rng.choice(["numpy", "SciPy", "ruamel.yaml", "zope_interface", "x.y_z"] * 3 + ["a__b", "", "a b", "\u4e2d"]), a_version(rng)]
        if rng.random() < 0.3:
            parts.append(rng.choice(["1", "2local", "010", "x", "1_a", "12.3", ""]))
        text = mutate(rng, "-".join(parts + [tag(rng)]) + rng.choice([".whl", ".whl", ".whl", ".zip", ".WHL"]), 0.1)
        return [letters(text)]

    def expect(self, text):
        name, version, build, found = utils.parse_wheel_filename(text)
        return [name, str(version), *([str(build[0]), build[1]] if build else ["", ""]), " ".join(map(str, sorted(found, key=lambda tag: (tag.interpreter, tag.abi, tag.platform))))]


class SdistName:
    verb = "sdistname"

    def make(self, rng):
        name = rng.choice(["numpy", "SciPy", "ruamel.yaml", "zope-interface", "a__b", "", "a b"])
        return [mutate(rng, name + "-" + a_version(rng) + rng.choice([".tar.gz", ".zip", ".tar.bz2", ".tgz"]), 0.15)]

    def expect(self, text):
        name, version = utils.parse_sdist_filename(text)
        return [name, str(version)]


class Tags:
    verb = "tags"
    work = 20

    def make(self, rng):
        platform = "linux-" + rng.choice(["x86_64", "x86_64", "aarch64", "i686", "armv7l", "armv8l", "ppc64le", "s390x", "riscv64", "mips"])
        if rng.random() < 0.05:
            platform = rng.choice(["freebsd-13.2-release-amd64", "win-amd64"])
        glibc = rng.choice([(2, rng.randint(3, 41)), (2, 28), (2, 35), (3, 2), (0, 0)])
        musl = (1, rng.randint(0, 5)) if glibc == (0, 0) or rng.random() < 0.05 else (0, 0)
        what = rng.choice(["none", "none", "attributes", "function"])
        more = []
        if what == "attributes":
            more = [rng.choice([-1, 0, 1]) for _ in range(3)]
        elif what == "function":
            more = [int(rng.random() < 0.4)] + sorted(rng.sample(range(5, 36), rng.randint(0, 6)))
        return [3, rng.randint(6, 15), int(rng.random() < 0.1), int(rng.random() < 0.2), int(rng.random() < 0.1), platform,
                int(rng.random() < 0.1), int(rng.random() < 0.8), *glibc, *musl, what, *more]

    @staticmethod
    def module(what, more):
        module = types.SimpleNamespace()
        if what == "attributes":
            for name, said in zip(["manylinux1", "manylinux2010", "manylinux2014"], more):
                if said >= 0:
                    setattr(module, name + "_compatible", bool(said))
        else:
            module.manylinux_compatible = lambda major, minor, arch: (
                False if more[0] or (major == 2 and minor in more[1:]) else None)
        return module

    def expect(self, major, minor, debug, no_gil, no_pymalloc, platform, is_32bit, has_abi, *rest):
        glibc, musl, what, more = rest[0:2], rest[2:4], rest[4], rest[5:]
        known = {"Py_DEBUG": debug, "Py_GIL_DISABLED": no_gil, "WITH_PYMALLOC": int(not no_pymalloc)}
        module = None if what == "none" else self.module(what, more)
        compatible = _manylinux._have_compatible_abi

        def have_abi(_, archs):
            return bool(has_abi) if {"armv7l", "i686"} & set(archs) else compatible("", archs)

        with mock.patch.object(tags, "_get_config_var", lambda name, warn=False: known.get(name)), \
             mock.patch.object(tags.sysconfig, "get_platform", lambda: platform), \
             mock.patch.object(_manylinux, "_get_glibc_version", lambda: _manylinux._GLibCVersion(*glibc) if glibc[0]
                               else _manylinux._GLibCVersion(-1, -1)), \
             mock.patch.object(_manylinux, "_get_manylinux_module", lambda: module), \
             mock.patch.object(_manylinux, "_have_compatible_abi", have_abi), \
             mock.patch.object(_musllinux, "_get_musl_version", lambda _: _musllinux._MuslVersion(*musl) if musl[0] else None):
            platforms = list(tags._linux_platforms(bool(is_32bit)))
            found = [*tags.cpython_tags((major, minor), platforms=platforms),
                     *tags.compatible_tags((major, minor), "cp%d%d" % (major, minor), platforms)]
        return list(map(str, found))


KINDS = [WheelName(), SdistName(), Tags()]
