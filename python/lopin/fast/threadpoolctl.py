# SPDX-License-Identifier: Apache-2.0
"""threadpoolctl 3.8 by lopin.threads: the same names and texts, the work in C.

This folder is put in front of sys.path where the user asks for it (lopin run --fast-threadpoolctl, or the
package lopin[fast-threadpoolctl]). Where the core cannot be loaded, threadpoolctl itself is imported.
"""

import os
import sys

try:
    from lopin.threads import (
        _ALL_BLAS_LIBRARIES,
        _ALL_CONTROLLERS,
        _ALL_INTERNAL_APIS,
        _ALL_OPENMP_LIBRARIES,
        _ALL_PREFIXES,
        _ALL_USER_APIS,
        _INCOMPATIBLE_OPENMP_MESSAGE,
        CONTROLLING_THREAD_OWNERSHIP,
        BLISController,
        FlexiBLASController,
        LibController,
        MKLController,
        OpenBLASController,
        OpenMPController,
        ThreadpoolController,
        __all__,  # noqa: F401
        _check_limiter_params,
        _ControllingThreadOwnership,
        _determine_thread_limit_scope,
        _main,
        _ThreadpoolLimiter,
        _ThreadpoolLimiterDecorator,
        get_cached_controller,
        register,
        reset_cached_controller,
        threadpool_info,
        threadpool_limits,
    )
except Exception:  # another version of lopin, a free-threaded CPython, another machine
    _folder = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != _folder]
    if __name__ == "__main__":
        import runpy

        runpy.run_module("threadpoolctl", run_name="__main__", alter_sys=True)
    else:
        del sys.modules[__name__]
        import threadpoolctl  # noqa: F401  (whoever imports us gets what is in sys.modules now)
else:
    __version__ = "3.8.0"  # whose interface this is
    # As threadpoolctl does at import: two OpenMP runtimes of one kind in a process warn, and do not abort.
    os.environ.setdefault("KMP_DUPLICATE_LIB_OK", "True")
    if __name__ == "__main__":
        _main()
