def f(x):
    raise ValueError("negative energy")
f(1)
