from concurrent.futures import ProcessPoolExecutor
def f(x):
    raise ValueError("in worker %d" % x)
if __name__ == "__main__":
    with ProcessPoolExecutor(1) as p:
        print(list(p.map(f, [1])))
