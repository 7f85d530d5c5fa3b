# SPDX-License-Identifier: Apache-2.0
"""What threadpoolctl answers, in JSON on stdout: run once with threadpoolctl and once with the drop-in.

pool_scenario.py REAL|FAST FOLDER LIBRARY...: loads the libraries (or imports what is a module's name) first. Each
answer is a list of values with a name; nothing in it may depend on the order in which libraries are found.
"""
import ctypes
import inspect
import json
import re
import sys
import threading
import warnings

import threadpoolctl as t

answers = {}
LIMITS = [None, 1, 2, 3, True, {"blas": 1}, {"openmp": 2}, {"libscipy_openblas": 1, "blas": 3}, {"blas": None, "openmp": 1},
          {"libopenblas": 2, "libmkl_rt": 1, "libblis": 2}, {"nothing": 1}, {}, "sequential_blas_under_openmp"]
BAD = [(1, "wrong"), ((1, 2), None), ("text", None), (1.5, None), ([{"num_threads": 1}], None), ([{"prefix": "x"}], None),
       (None, "wrong"), ([1], None)]


def answer(function):
    try:
        answers[function.__name__] = function()
    except Exception as error:
        answers[function.__name__] = ["raised", type(error).__name__, str(error)]
    return function


def plain(info):
    return sorted(info, key=lambda one: one["filepath"])


def numbers():
    return [one["num_threads"] for one in plain(t.threadpool_info())]


def said(function, *args, **kwargs):
    """An error as text; lists of APIs are sets in threadpoolctl."""
    try:
        return ["fine", str(function(*args, **kwargs) is None)]
    except Exception as error:
        text = re.sub(r"\['\w+'(, '\w+')*\]", lambda found: str(sorted(json.loads(found.group().replace("'", '"')))), str(error))
        return [type(error).__name__, text]


def in_thread(function, *args):
    result = []
    thread = threading.Thread(target=lambda: result.append(function(*args)))
    thread.start()
    thread.join()
    return result[0]


@answer
def interface():
    shapes = {}
    for name in t.__all__:
        thing = getattr(t, name)
        shapes[name] = [type(thing).__name__ in ("function", "type", "ABCMeta"), bool(thing.__doc__)]
        if name != "LibController":
            shapes[name].append([(one.name, str(one.default), one.kind) for one in inspect.signature(thing).parameters.values()])
    for name in "info", "select", "limit", "wrap":
        shapes["ThreadpoolController." + name] = [
            (one.name, str(one.default), one.kind)
            for one in inspect.signature(getattr(t.ThreadpoolController, name)).parameters.values()]
    return [sorted(t.__all__), shapes, t.__version__, sorted(t._ALL_USER_APIS), t._ALL_INTERNAL_APIS, sorted(t._ALL_PREFIXES),
            sorted(t._ALL_BLAS_LIBRARIES), list(t._ALL_OPENMP_LIBRARIES), t._INCOMPATIBLE_OPENMP_MESSAGE]


@answer
def empty():
    controller = t.ThreadpoolController()
    with t.threadpool_limits(1) as limits:
        return [len(controller), controller.info(), t.threadpool_info(), limits.get_original_num_threads()]


for library in sys.argv[3:]:
    ctypes.CDLL(library) if ".so" in library else __import__(library)


@answer
def info():
    return [plain(t.threadpool_info()), plain(t.ThreadpoolController().info()),
            [list(one) for one in plain(t.threadpool_info())]]


@answer
def debugging_info():
    return [plain(t.threadpool_info(debugging_info=True)), numbers()]


@answer
def objects():
    found = []
    for one in t.ThreadpoolController().lib_controllers:
        facts = [one.filepath, type(one).__name__, isinstance(one, t.LibController), one.user_api, one.internal_api, one.prefix,
                 one.version, one.num_threads, one.get_version(), one._symbol_prefix, one._symbol_suffix,
                 isinstance(one.dynlib, ctypes.CDLL), list(one.info()), getattr(one, "threading_layer", "none")]
        before = one.num_threads
        one.set_num_threads(2)
        facts += [one.num_threads, one.get_num_threads()]
        one.set_num_threads(before)
        found.append(facts)
    t.OpenBLASController.clear_controlling_thread(force=True)
    return sorted(found)


@answer
def selections():
    controller = t.ThreadpoolController()
    asked = [{"user_api": "blas"}, {"user_api": ["blas", "openmp"]}, {"prefix": "libgomp"}, {"internal_api": "mkl", "user_api": "openmp"},
             {"threading_layer": "pthreads"}, {"nothing": None}, {"version": None}, {"user_api": ("blas",)}, {}]
    some = [plain(controller.select(**words).info()) for words in asked]
    controller.lib_controllers
    return [some, [plain(controller.select(**words).info()) for words in asked], len(controller), bool(controller)]


def all_one_number(made):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        made.get_original_num_threads()
    return not caught


@answer
def limits_by_call():
    found = []
    for limits in LIMITS:
        for user_api in None, "blas", "openmp":
            made = t.threadpool_limits(limits, user_api)
            inside = numbers()
            before = made.get_original_num_threads() if all_one_number(made) else None
            made.restore_original_limits()
            found.append([str(limits), user_api, inside, before, made._limits, sorted(made._user_api), numbers()])
            with t.threadpool_limits(limits=limits, user_api=user_api) as entered:
                found.append([numbers(), isinstance(entered, t.threadpool_limits)])
            found.append(numbers())
    return found


@answer
def limits_by_controller():
    found = []
    controller = t.ThreadpoolController()
    for round in range(2):
        for limits in LIMITS:
            for user_api in None, "blas", "openmp":
                with controller.limit(limits=limits, user_api=user_api):
                    found.append([str(limits), user_api, numbers()])
                found.append(numbers())
        with controller.select(user_api="openmp").limit(limits=1):
            found.append(numbers())
        controller.lib_controllers  # objects of Python from here on
    return found


@answer
def limits_of_info():
    before = t.threadpool_info()
    t.threadpool_limits(2)
    two = t.ThreadpoolController()
    t.threadpool_limits(before)
    found = [numbers()]
    with t.threadpool_limits(1):
        with t.threadpool_limits(limits=two):
            found.append(numbers())
        with t.threadpool_limits(limits=before):
            found.append(numbers())
        with t.threadpool_limits(limits=[{"prefix": one["prefix"], "num_threads": 3} for one in before]):
            found.append(numbers())
        with t.threadpool_limits(limits={one["filepath"]: 2 for one in before[:1]} if len(before) == 1 else {}):
            found.append(numbers())
    t.OpenBLASController.clear_controlling_thread(force=True)
    return found + [numbers()]


@answer
def warned():
    if t.ThreadpoolController().select(threading_layer="openmp"):
        return []  # two libraries with one number: which is set last depends on the order
    with t.threadpool_limits({one["filepath"]: 1 + at % 2 for at, one in enumerate(plain(t.threadpool_info()))}):
        with t.threadpool_limits(3) as limits, warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = limits.get_original_num_threads()
    return [found, [[one.category.__name__, sorted(str(one.message))] for one in caught]]


@answer
def incompatible():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        t.threadpool_info()
        t.ThreadpoolController()
        t.threadpool_limits(None)
    return [[one.category.__name__, str(one.message)] for one in caught]


@answer
def errors():
    return [[said(t.threadpool_limits, limits, user_api), said(t.ThreadpoolController().limit, limits=limits, user_api=user_api),
             said(t.threadpool_limits.wrap, limits, user_api), numbers()] for limits, user_api in BAD]


@answer
def nested():
    found = [numbers()]
    with t.threadpool_limits(1):
        with t.threadpool_limits(3, "blas"):
            found.append(numbers())
            with t.threadpool_limits(None), t.threadpool_limits({"openmp": 2}):
                found.append(numbers())
            found.append(numbers())
        found.append(numbers())
        try:
            with t.threadpool_limits(2):
                raise KeyError("of the block")
        except KeyError as error:
            found.append(str(error))
    return found + [numbers()]


@answer
def threads():
    def limited():
        with t.threadpool_limits(3):
            return numbers()

    found = [in_thread(limited), numbers()]
    with t.threadpool_limits(1):
        found += [numbers(), in_thread(limited), numbers()]
        t.OpenBLASController.clear_controlling_thread()
        found += [in_thread(limited), numbers()]
    found += [numbers(), in_thread(limited), numbers()]
    t.threadpool_limits(2)  # stays this thread's
    found += [numbers(), in_thread(limited)]
    in_thread(t.OpenBLASController.clear_controlling_thread)
    found += [in_thread(limited)]
    t.OpenBLASController.clear_controlling_thread(force=True)
    found += [in_thread(limited), numbers()]
    return found


@answer
def thread_that_ended():
    before = t.threadpool_info()
    in_thread(t.threadpool_limits, 2)
    found = [numbers()]
    with t.threadpool_limits(1):
        found.append(numbers())
    t.threadpool_limits(before)
    t.OpenBLASController.clear_controlling_thread(force=True)
    return found + [numbers()]


@answer
def two_threads_in_turn():
    """The outer block of a thread that does not own the pools ends after the owner's."""
    first, second, third = threading.Event(), threading.Event(), threading.Event()
    found = []

    def other():
        with t.threadpool_limits(3):
            found.append(numbers())
            first.set()
            second.wait(60)
            with t.threadpool_limits(2):
                found.append(numbers())
            third.set()
        found.append(numbers())

    with t.threadpool_limits(1):
        thread = threading.Thread(target=other)
        thread.start()
        first.wait(60)
    second.set()
    third.wait(60)
    thread.join()
    return found + [numbers()]


@answer
def decorators():
    controller = t.ThreadpoolController()

    @t.threadpool_limits.wrap(1)
    def outer(value):
        "What it does."
        return [value, numbers(), inner(), numbers()]

    @controller.wrap(limits=2, user_api="blas")
    def inner():
        return numbers()

    def again(depth):
        return numbers() if depth == 0 else [numbers(), deeper(depth - 1)]

    deeper = t.threadpool_limits.wrap(limits=2)(again)
    with t.threadpool_limits.wrap(limits=3):
        block = numbers()
    return [outer("x"), outer.__name__, outer.__doc__, in_thread(outer, "y"), deeper(2), block, numbers()]


@answer
def cached():
    first = t.get_cached_controller()
    same = t.get_cached_controller() is first
    t.reset_cached_controller()
    return [same, t.get_cached_controller() is first, isinstance(first, t.ThreadpoolController), len(t.get_cached_controller())]


@answer
def backends():
    found = t.ThreadpoolController().select(internal_api="flexiblas").lib_controllers
    if not found:
        return []
    one = found[0]
    steps = [one.available_backends, one.loaded_backends, one.current_backend]
    one.switch_backend("OPENBLAS-FAKE")
    steps += [one.loaded_backends, one.current_backend, one.info()]
    steps.append(said(one.switch_backend, "UNKNOWN"))
    before = len(one.parent)
    one.switch_backend(sys.argv[2] + "/late/libopenblas-late.so")
    steps += [len(one.parent) - before, one.loaded_backends, one.current_backend, len(t.get_cached_controller())]
    one.switch_backend("NETLIB")
    return steps + [one.current_backend, plain(t.threadpool_info())]


class Mine(t.LibController):
    user_api = "mine"
    internal_api = "mine"
    filename_prefixes = ("libmine", "mine")
    check_symbols = ("mine_get", "mine_absent")

    def get_num_threads(self):
        return self.dynlib.mine_get()

    def set_num_threads(self, num_threads):
        self.dynlib.mine_set(num_threads)

    def get_version(self):
        return "1.0"

    def set_additional_attributes(self):
        self.colour = "green"


@answer
def custom():
    before = plain(t.ThreadpoolController().info())
    t.register(Mine)
    ctypes.CDLL(sys.argv[2] + "/libmine-1.so")
    controller = t.ThreadpoolController()
    mine = controller.select(user_api="mine").lib_controllers
    steps = [before, plain(t.threadpool_info()), len(mine), mine[0].info(), mine[0].parent is controller, mine[0]._get_symbol("mine_get")()]
    with t.threadpool_limits(7, "mine"):
        steps.append(numbers())
    with t.threadpool_limits(2) as limits:
        steps += [numbers(), limits.get_original_num_threads()["mine"]]
    with controller.limit(limits={"mine": 9, "blas": 1}):
        steps.append(numbers())
    with t.get_cached_controller().limit(limits={"libmine": 5}):
        steps.append(numbers())
    return steps + [numbers(), said(t.threadpool_limits, 1, "yours"), plain(t.threadpool_info(True))]


@answer
def abstract():
    class Half(t.LibController):
        user_api = internal_api = "half"
        filename_prefixes = ("libhalf",)

    return [said(t.LibController)[0], said(Half, filepath="x", prefix="y", parent=None)[0], issubclass(t.OpenBLASController, t.LibController)]


json.dump(answers, sys.stdout, default=str)
