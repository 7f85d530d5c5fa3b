# SPDX-License-Identifier: Apache-2.0
"""Threads of BLAS and OpenMP libraries: how many there are, and how many there may be.

NumPy, SciPy, scikit-learn and others compute in libraries (OpenBLAS, MKL, BLIS, FlexiBLAS, libgomp, libomp,
libiomp5) that open threads of their own. This module asks and limits them while the program runs:

    from lopin.threads import threadpool_info, threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        ...  # each call of BLAS computes in one thread

Names, meaning, errors and texts are those of threadpoolctl 3.8 (https://github.com/joblib/threadpoolctl); the
work is done in C, and costs below a microsecond where threadpoolctl reads the process's memory map each time.
Numbers of threads are positive integers everywhere. Only Linux, CPython 3.6 and later; free-threaded builds of
CPython do not load the stable ABI, there the import raises ImportError.

What differs from threadpoolctl: a library is found as soon as it is loaded (get_cached_controller() too, which
there waits for the number of imported modules to change); OpenBLAS is not called when the number is the wanted
one already, so that a forked child does not start its threads; OpenBLAS over OpenMP whose own functions have
another name ("..64_") is limited, where threadpoolctl passes it over; a number that is none (a float, a text)
raises TypeError before the library sees it.
"""

import os
import sys
from _thread import _local
from abc import ABC, abstractmethod

from lopin import _threads

__all__ = [
    "LibController",
    "ThreadpoolController",
    "get_cached_controller",
    "register",
    "reset_cached_controller",
    "threadpool_info",
    "threadpool_limits",
]

_INCOMPATIBLE_OPENMP_MESSAGE = """
Found Intel OpenMP ('libiomp') and LLVM OpenMP ('libomp') loaded at
the same time. Both libraries are known to be incompatible and this
can cause random crashes or deadlocks on Linux when loaded in the
same Python program.
Using threadpoolctl may cause crashes or deadlocks. For more
information and possible workarounds, please see
    https://github.com/joblib/threadpoolctl/blob/master/multiple_openmp.md
"""

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


def _controller_of(libraries):
    """A ThreadpoolController of Libraries of the core."""
    controller = ThreadpoolController.__new__(ThreadpoolController)
    controller._libraries = libraries
    controller._made = None
    return controller


class ThreadpoolController:
    """The libraries that are loaded when it is made. Keep it where limits are set often.

    ``lib_controllers`` is the list of its LibController objects; len() is their number.
    """

    def __init__(self):
        self._libraries = ()
        self._made = None
        self._load_libraries()
        self._warn_if_incompatible_openmp()

    @classmethod
    def _from_controllers(cls, lib_controllers):
        controller = cls.__new__(cls)
        controller._libraries = None
        controller._made = lib_controllers
        return controller

    # Nobody has asked for objects: _libraries is a tuple of the core's. Else it is None, and _made the list.
    @property
    def lib_controllers(self):
        if self._made is None:
            self._made = [self._wrap(library) for library in self._libraries]
            self._libraries = None
        return self._made

    def _wrap(self, library):
        kind = _CORE_BY_API[library.info()["internal_api"]]
        return kind.__new__(kind)._start(library, self)

    def _load_libraries(self):
        has_custom = len(_ALL_CONTROLLERS) > len(_CORE_CONTROLLERS)
        if self._made is None and not has_custom:
            self._libraries = _threads.libraries()
            return
        made = self.lib_controllers
        known = {one.filepath for one in made}
        for library in _threads.libraries():
            if library.info()["filepath"] not in known:
                made.append(self._wrap(library))
                known.add(made[-1].filepath)
        if has_custom:
            made.extend(_custom_controllers(self, known))

    def _warn_if_incompatible_openmp(self):
        prefixes = [info["prefix"] for info in self.info()]
        if "libomp" in prefixes and "libiomp" in prefixes:
            import warnings

            warnings.warn(_INCOMPATIBLE_OPENMP_MESSAGE, RuntimeWarning)

    def info(self, debugging_info=False):
        """Return a list of dicts, one a library, as threadpool_info() does."""
        if self._libraries is not None and not debugging_info:
            return _threads.info_of(self._libraries)
        return [one.info(debugging_info=debugging_info) for one in self.lib_controllers]

    def select(self, **kwargs):
        """Return a ThreadpoolController of those libraries for which one of the pairs holds.

        ``select(internal_api=["openblas", "mkl"])``: a name of info(), and the value or a list of values.
        """
        wanted = {key: value if isinstance(value, list) else [value] for key, value in kwargs.items()}
        if self._libraries is None:
            return self._from_controllers(
                [one for one in self._made if any(getattr(one, key, None) in wanted[key] for key in wanted)]
            )
        infos = zip(self._libraries, self.info())
        return _controller_of(
            tuple(one for one, info in infos if any(info.get(key) in wanted[key] for key in wanted))
        )

    def limit(self, *, limits=None, user_api=None):
        """Limit these libraries. Arguments and result are as threadpool_limits() has them."""
        return _ThreadpoolLimiter(self, limits, user_api)

    def wrap(self, *, limits=None, user_api=None):
        """Return a decorator: these libraries are limited while the function runs, see threadpool_limits()."""
        return _ThreadpoolLimiter.wrap(self, limits=limits, user_api=user_api)

    def _get_params_for_sequential_blas_under_openmp(self):
        # Inside of a parallel region OpenBLAS over OpenMP has one thread already, and its limit would be the
        # region's too.
        openblas = self.select(internal_api="openblas")
        if len(openblas.select(threading_layer="openmp")):
            return {"limits": None, "user_api": None}
        return {"limits": 1, "user_api": "blas"}

    def __len__(self):
        return len(self.lib_controllers if self._libraries is None else self._libraries)


def _limits_of_list(infos):
    limits = {}
    for info in infos:
        file = info.get("filepath", info)  # None is a key like another
        limits[info["prefix"] if file is info else file] = info["num_threads"]
    return limits


def _check_limiter_params(controller, limits, user_api):
    """What limits and user_api mean: a dict of limits, or None, and a list of user APIs."""
    if isinstance(limits, str) and limits == "sequential_blas_under_openmp":
        params = controller._get_params_for_sequential_blas_under_openmp()
        limits, user_api = params["limits"], params["user_api"]
    if limits is None or isinstance(limits, int):
        if user_api is not None and user_api not in _ALL_USER_APIS:
            raise ValueError(f"user_api must be either in {_ALL_USER_APIS} or None. Got {user_api} instead.")
        apis = _ALL_USER_APIS if user_api is None else [user_api]
        return (None if limits is None else {api: limits for api in apis}), apis
    if isinstance(limits, list):
        limits = _limits_of_list(limits)
    elif isinstance(limits, ThreadpoolController):
        limits = _limits_of_list(limits.info())
    if not isinstance(limits, dict):
        raise TypeError(
            "limits must either be an int, a list, a dict, or "
            f"'sequential_blas_under_openmp'. Got {type(limits)} instead"
        )
    return limits, [api for api in limits if api in _ALL_USER_APIS]


def _begin(controller, limits):
    """Limit the objects of a controller. Returns what they were."""
    before = controller.info()
    for one in controller.lib_controllers if limits is not None else ():
        keys = [key for key in (one.filepath, one.prefix, one.user_api) if key in limits]
        if keys and limits[keys[0]] is not None:
            one.set_num_threads(limits[keys[0]])
    return before


def _restore(controller, before):
    for one, info in zip(controller.lib_controllers, before):
        one.set_num_threads(info["num_threads"])


class _Signature:
    """The signature of threadpool_limits for inspect, whose import nobody else has to wait for."""

    def __get__(self, instance, owner):
        from inspect import signature

        return signature(lambda limits=None, user_api=None: None)


class _ThreadpoolLimiter(_threads.Limiter):
    """What ThreadpoolController.limit() returns; see threadpool_limits()."""

    __slots__ = ()

    @classmethod
    def wrap(cls, controller, *, limits=None, user_api=None):
        return _ThreadpoolLimiterDecorator(controller, limits=limits, user_api=user_api)

    def get_original_num_threads(self):
        """Return how many threads there were before, a dict of user API to int, or to None if it has no library.

        Warns (UserWarning) if libraries of one API had different numbers, and returns the least.
        """
        numbers, several = {}, []
        for api in self._user_api:
            found = {info["num_threads"] for info in self._original_info if info["user_api"] == api}
            numbers[api] = min(found) if found else None
            if len(found) > 1:
                several.append(api)
        if several:
            import warnings

            warnings.warn(
                "Multiple values possible for following user apis: "
                + ", ".join(several)
                + ". Returning the minimum."
            )
        return numbers


class threadpool_limits(_ThreadpoolLimiter, _threads.Limits):
    """Limit the threads of the libraries that are loaded: from here on, or for a with block.

    As a context manager it restores the numbers at the end of the block; as a plain call they stay until
    restore_original_limits(); ``threadpool_limits.wrap(...)`` with the same arguments is a decorator.

    ``limits``: what is allowed,

    - int: so many threads for each library of ``user_api``;
    - dict of str to int (or None: leave it): by a library's filepath, prefix or user_api, looked up in this order;
    - list: dicts as threadpool_info() returns them, to set what it said;
    - a ThreadpoolController: what its libraries have now;
    - "sequential_blas_under_openmp": what BLAS needs to be called from an OpenMP region, ``user_api`` is ignored;
    - None: nothing changes.

    ``user_api``: "blas", "openmp", one that was registered, or None for all; only used with an int.

    Raises ValueError for another user_api and TypeError for other limits. Limits are upper bounds: a library may
    use fewer threads. They hold for the calling thread where the library can do that (OpenMP, MKL, OpenBLAS over
    OpenMP), and for the process otherwise; of those only one thread at a time sets them, see OpenBLASController.
    """

    __slots__ = ()
    __signature__ = _Signature()

    @classmethod
    def wrap(cls, limits=None, user_api=None):
        """Return a decorator: while the function runs, the libraries that are loaded then are limited."""
        return _ThreadpoolLimiterDecorator(None, limits=limits, user_api=user_api)


class _ThreadpoolLimiterDecorator:
    """Limits begin when the function is called, in its thread."""

    def __init__(self, controller, *, limits=None, user_api=None):
        self._controller = controller
        self._limits, self._user_api = limits, user_api
        _check_limiter_params(self._get_controller(), limits, user_api)
        self._limiters = _local()

    def _get_controller(self):
        return get_cached_controller() if self._controller is None else self._controller

    def __call__(self, function):
        from functools import wraps

        @wraps(function)
        def limited(*args, **kwargs):
            with self:
                return function(*args, **kwargs)

        return limited

    def __enter__(self):
        limiter = _ThreadpoolLimiter(self._get_controller(), limits=self._limits, user_api=self._user_api)
        limiter.__enter__()
        self._limiters.__dict__.setdefault("stack", []).append(limiter)
        return self

    def __exit__(self, *error):
        return self._limiters.stack.pop().__exit__(*error)


class _ControllingThreadOwnership:
    """With blocks of this thread, for who writes a context manager of his own over set_num_threads()."""

    def increment(self):
        _threads.count_owner(1)

    def decrement(self):
        _threads.count_owner(-1)


CONTROLLING_THREAD_OWNERSHIP = _ControllingThreadOwnership()


def threadpool_info(debugging_info=False):
    """Return a list of dicts, one a library that is loaded: what it is, and how many threads it may use.

    Each has "user_api" ("blas", "openmp"), "internal_api" ("openblas", "blis", "mkl", "flexiblas", "openmp"),
    "num_threads" (int), "prefix" (str, how its file's name begins), "filepath" (str), "version" (str or None),
    and by library "threading_layer", "architecture", "available_backends", "loaded_backends" and
    "current_backend".

    ``debugging_info`` (bool): with "thread_limit_scope" too, see LibController.info().
    """
    info = None if debugging_info else _threads.info()
    return ThreadpoolController().info(debugging_info) if info is None else info


def get_cached_controller():
    """Return a ThreadpoolController of what is loaded now, the same one as last time if that is the same."""
    libraries = _threads.libraries()
    # What programs have registered is looked for when modules were imported.
    made_of = libraries if len(_ALL_CONTROLLERS) == len(_CORE_CONTROLLERS) else len(sys.modules)
    controller, before = _cache
    if controller is None or (before is not made_of and before != made_of):
        controller = ThreadpoolController()
        _cache[:] = controller, made_of
    return controller


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


def _main():
    """The command: python -m threadpoolctl."""
    import argparse
    import importlib
    import json

    parser = argparse.ArgumentParser(
        usage="python -m threadpoolctl -i numpy scipy.linalg xgboost",
        description="Display thread-pool information and exit.",
    )
    parser.add_argument(
        "-i",
        "--import",
        dest="modules",
        nargs="*",
        default=(),
        help="Python modules to import before introspecting thread-pools.",
    )
    parser.add_argument(
        "-c", "--command", help="a Python statement to execute before introspecting thread-pools."
    )
    options = parser.parse_args(sys.argv[1:])
    for module in options.modules:
        try:
            importlib.import_module(module, package=None)
        except ImportError:
            print("WARNING: could not import", module, file=sys.stderr)
    if options.command:
        exec(options.command)
    print(json.dumps(threadpool_info(debugging_info=True), indent=2))
