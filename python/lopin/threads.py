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

import sys
from _thread import _local

from lopin import _threads
from lopin.controllers import (  # noqa: F401  (some are here for who imports them from here)
    _ALL_BLAS_LIBRARIES,
    _ALL_CONTROLLERS,
    _ALL_INTERNAL_APIS,
    _ALL_OPENMP_LIBRARIES,
    _ALL_PREFIXES,
    _ALL_USER_APIS,
    _CORE_BY_API,
    _CORE_CONTROLLERS,
    BLISController,
    FlexiBLASController,
    LibController,
    MKLController,
    OpenBLASController,
    OpenMPController,
    _cache,
    _custom_controllers,
    _determine_thread_limit_scope,
    register,
    reset_cached_controller,
)

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


if __name__ == "__main__":  # python -m lopin.threads
    _main()
