import threading, sys
def f():
    raise ValueError("in thread")
t = threading.Thread(target=f); t.start(); t.join(); sys.exit(1)
