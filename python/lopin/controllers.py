# SPDX-License-Identifier: Apache-2.0
"""The libraries of lopin.threads, one class a kind, and those that programs register.

threadpoolctl's classes, with its names: instances are made for who asks ThreadpoolController for them; info and
limits do without. Import all this from lopin.threads.
"""

import os
from abc import ABC, abstractmethod

from lopin import _threads

_dynlibs = {}  # by path: ctypes.CDLL


def _dynlib(path):
    library = _dynlibs.get(path)
    if library is None:
        import ctypes  # only who calls a library from Python pays for it

        library = _dynlibs[path] = ctypes.CDLL(path, mode=os.RTLD_NOLOAD)
    return library


class LibController(ABC):
    """One library with a pool of threads. Make a subclass for a library of your own, and register() it.

    A subclass has these class attributes:

    - ``user_api`` (str): what is limited together, "blas", "openmp" or a word of yours;
    - ``internal_api`` (str): which library it is;
    - ``filename_prefixes`` (tuple of str): how its file may be called, in lower case, links resolved;
    - ``check_symbols`` (tuple of str, optional): it is this library if it has one of these functions;

    and the methods get_num_threads(), set_num_threads() and get_version(). An instance is made for each
    loaded file that matches, with these attributes:

    - ``dynlib`` (ctypes.CDLL): the library; ctypes is imported when it is first asked for;
    - ``filepath``, ``prefix`` (str): its file, and which of the prefixes that begins with;
    - ``version`` (str or None): what get_version() said;
    - ``parent`` (ThreadpoolController): whose it is.

    All other attributes that set_additional_attributes() sets stand in info().
    """

    def __init__(self, *, filepath=None, prefix=None, parent=None):
        """Is called by ThreadpoolController. Raises OSError if the file is not loaded."""
        self.parent = parent
        self.prefix = prefix
        self.filepath = filepath
        _dynlib(filepath)
        self._symbol_prefix, self._symbol_suffix = self._find_affixes()
        self.version = self.get_version()
        self.set_additional_attributes()

    @property
    def dynlib(self):
        """The library, as ctypes.CDLL."""
        return _dynlib(self.filepath)

    @property
    def num_threads(self):
        """The number of threads now (int, or None if the library does not say)."""
        return self.get_num_threads()

    def info(self, debugging_info=False):
        """Return a dict: user_api, internal_api, num_threads, prefix, filepath, version and what is special to it.

        ``debugging_info`` (bool): with "thread_limit_scope" too: whom a limit holds, "process",
        "current_thread" or "unknown". It is found by setting limits in another thread, so other threads
        of the process may see them for a moment.
        """
        hidden = ("parent", "_symbol_prefix", "_symbol_suffix", "_library")
        info = {"user_api": self.user_api, "internal_api": self.internal_api, "num_threads": self.num_threads}
        info.update((key, value) for key, value in vars(self).items() if key not in hidden)
        if debugging_info:
            info["thread_limit_scope"] = _determine_thread_limit_scope(self.get_num_threads, self.set_num_threads)
        return info

    def set_additional_attributes(self):
        """Set attributes of this instance that info() is to show. Called once, at the end of __init__()."""

    @abstractmethod
    def get_num_threads(self):
        """Return how many threads a call from this thread may use (int)."""

    @abstractmethod
    def set_num_threads(self, num_threads):
        """Let calls use at most ``num_threads`` (int) threads; for this thread only, where the library can."""

    @abstractmethod
    def get_version(self):
        """Return the library's version (str), or None."""

    def _find_affixes(self):
        return "", ""

    def _get_symbol(self, name):
        return getattr(self.dynlib, self._symbol_prefix + name + self._symbol_suffix, None)


class _CoreController(LibController):
    """A library that the core knows; what can be asked of it is asked in C."""

    def __init__(self, *, filepath=None, prefix=None, parent=None):
        known = [library for library in _threads.libraries() if library.info()["filepath"] == filepath]
        if not known or known[0].info()["internal_api"] != self.internal_api:
            raise OSError("%s: not loaded, or not %s" % (filepath, self.internal_api))
        self._start(known[0], parent)
        self.prefix = prefix or self.prefix

    def _start(self, library, parent):
        facts = library.info()
        self.parent = parent
        self.prefix = facts["prefix"]
        self.filepath = facts["filepath"]
        self._library = library
        self._symbol_prefix, self._symbol_suffix = library.affixes()
        self.version = facts["version"]
        for key in "threading_layer", "architecture", "available_backends":
            if key in facts:
                setattr(self, key, facts[key])
        return self

    def get_num_threads(self):
        return self._library.get_num_threads()

    def set_num_threads(self, num_threads):
        if num_threads is not None:
            self._library.set_num_threads(num_threads)

    def get_version(self):
        return self._library.info()["version"]

    def _find_affixes(self):
        return self._library.affixes()


class OpenBLASController(_CoreController):
    """OpenBLAS, of a system, of a wheel, or built with 64-bit integers.

    Over OpenMP ("threading_layer": "openmp") the limit is the calling thread's own. Else all threads of the
    process share one pool and one limit, and only one thread at a time sets it: the first that does, until it
    ends or leaves its with blocks; what others set meanwhile does nothing.
    """

    user_api = "blas"
    internal_api = "openblas"
    filename_prefixes = ("libopenblas", "libblas", "libscipy_openblas", "openblas")
    check_symbols = tuple(
        before + "openblas_get_num_threads" + after for before in ("", "scipy_") for after in ("", "64_", "_64")
    )

    @classmethod
    def clear_controlling_thread(cls, force=False):
        """Let another thread set the limit, if this thread has set it, or (``force``) whichever has."""
        _threads.clear_owner(force)


class BLISController(_CoreController):
    """BLIS."""

    user_api = "blas"
    internal_api = "blis"
    filename_prefixes = ("libblis", "libblas")
    check_symbols = (
        "bli_thread_get_num_threads",
        "bli_thread_set_num_threads",
        "bli_info_get_version_str",
        "bli_info_get_enable_openmp",
        "bli_info_get_enable_pthreads",
        "bli_arch_query_id",
        "bli_arch_string",
    )


class FlexiBLASController(_CoreController):
    """FlexiBLAS, which hands calls on to one of several backends."""

    user_api = "blas"
    internal_api = "flexiblas"
    filename_prefixes = ("libflexiblas",)
    check_symbols = (
        "flexiblas_get_num_threads",
        "flexiblas_set_num_threads",
        "flexiblas_get_version",
        "flexiblas_list",
        "flexiblas_list_loaded",
        "flexiblas_current_backend",
    )

    @property
    def loaded_backends(self):
        """Names of the backends that are loaded (list of str)."""
        return self._library.backends(True)

    @property
    def current_backend(self):
        """Name of the backend that computes (str)."""
        return self._library.current_backend()

    def info(self, debugging_info=False):
        info = super().info(debugging_info=debugging_info)
        info["loaded_backends"] = self.loaded_backends
        info["current_backend"] = self.current_backend
        return info

    def switch_backend(self, backend):
        """Compute with ``backend`` (str): a name of FlexiBLAS's configuration, or the path of a library.

        Raises RuntimeError if it cannot be loaded or chosen.
        """
        if backend not in self.loaded_backends:
            if not self._library.load_backend(str(backend), backend in self.available_backends):
                raise RuntimeError(
                    f"Failed to load backend {backend!r}. It must either be the name of"
                    " a backend available in the FlexiBLAS configuration "
                    f"{self.available_backends} or the path to a valid shared library."
                )
            reset_cached_controller()
            self.parent._load_libraries()
        if not self._library.switch_backend(self.loaded_backends.index(backend)):
            raise RuntimeError(f"Failed to switch to backend {backend!r}.")


class MKLController(_CoreController):
    """Intel's MKL. The limit is the calling thread's own."""

    user_api = "blas"
    internal_api = "mkl"
    filename_prefixes = ("libmkl_rt", "mkl_rt", "libblas")
    check_symbols = (
        "MKL_Get_Max_Threads",
        "MKL_Set_Num_Threads_Local",
        "MKL_Get_Version_String",
        "MKL_Set_Threading_Layer",
    )


class OpenMPController(_CoreController):
    """An OpenMP runtime: GCC's, LLVM's or Intel's. The limit is the calling thread's own."""

    user_api = "openmp"
    internal_api = "openmp"
    filename_prefixes = ("libiomp", "libgomp", "libomp", "vcomp")
    check_symbols = ("omp_get_max_threads", "omp_get_num_threads")


_CORE_CONTROLLERS = (OpenBLASController, BLISController, MKLController, OpenMPController, FlexiBLASController)
_CORE_BY_API = {one.internal_api: one for one in _CORE_CONTROLLERS}
_ALL_CONTROLLERS = list(_CORE_CONTROLLERS)
_ALL_USER_APIS = ["blas", "openmp"]
_ALL_INTERNAL_APIS = [one.internal_api for one in _ALL_CONTROLLERS]
_ALL_PREFIXES = list(dict.fromkeys(prefix for one in _ALL_CONTROLLERS for prefix in one.filename_prefixes))
_ALL_BLAS_LIBRARIES = [one.internal_api for one in _ALL_CONTROLLERS if one.user_api == "blas"]
_ALL_OPENMP_LIBRARIES = OpenMPController.filename_prefixes

_custom_classes = {}  # by path as loaded: (class or None, file, prefix)
_cache = [None, None]  # the controller of get_cached_controller(), and what it was made of


def register(controller):
    """Look for libraries of ``controller`` (a subclass of LibController) too, from now on."""
    _ALL_CONTROLLERS.append(controller)
    _ALL_USER_APIS.append(controller.user_api)
    _ALL_INTERNAL_APIS.append(controller.internal_api)
    _ALL_PREFIXES.extend(controller.filename_prefixes)
    _custom_classes.clear()
    _threads.custom()
    reset_cached_controller()


def _has_symbol(library, names):
    return any(hasattr(library, name) for name in names)


def _find_custom(path, parent):
    """An instance for the loaded file of that path, or None."""
    file = os.path.realpath(path)
    name = os.path.basename(file).lower()
    for kind in _ALL_CONTROLLERS[len(_CORE_CONTROLLERS) :]:
        prefix = next((prefix for prefix in kind.filename_prefixes if name.startswith(prefix)), None)
        if prefix is None:
            continue
        try:
            found = kind(filepath=file, prefix=prefix, parent=parent)
        except OSError:
            continue
        if not hasattr(kind, "check_symbols") or _has_symbol(found.dynlib, kind.check_symbols):
            _custom_classes[path] = (kind, file, prefix)
            return found
    _custom_classes[path] = (None, file, None)
    return None


def _custom_controllers(parent, known):
    """Instances of what programs have registered, for files whose paths are not in ``known``."""
    for path in _threads.paths():
        kind, file, prefix = _custom_classes.get(path, (LibController, path, None))
        if kind is None or file in known:
            continue
        found = _find_custom(path, parent) if prefix is None else kind(filepath=file, prefix=prefix, parent=parent)
        if found is not None and found.filepath not in known:
            known.add(found.filepath)
            yield found


def reset_cached_controller():
    """Forget the controller of get_cached_controller()."""
    _cache[:] = None, None


def _determine_thread_limit_scope(get_n_threads, set_n_threads):
    """Whom a limit holds, by experiment: another thread sets one, and this thread looks.

    Not certain where the library refuses the number, as with one core; then "unknown".
    """
    from threading import Thread

    before = get_n_threads()
    other = before - 1 if before > 1 else 2
    seen = []

    def change():
        set_n_threads(other)
        seen.append(get_n_threads())

    try:
        OpenBLASController.clear_controlling_thread(force=True)
        thread = Thread(target=change)
        thread.start()
        thread.join()
        OpenBLASController.clear_controlling_thread(force=True)
        here = get_n_threads()
        if seen != [other] or here not in (other, before):
            return "unknown"
        return "process" if here == other else "current_thread"
    finally:
        set_n_threads(before)
        OpenBLASController.clear_controlling_thread(force=True)
