class Mine(Exception):
    pass
def f():
    raise Mine
f()
