class A:
    def __del__(self):
        raise KeyError("in del")
a = A()
def f():
    raise OSError(5, "real one")
f()
